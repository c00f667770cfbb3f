// What the program that is killed and the test that kills it both work with.
import { testLimit, testRules } from './test-rules.ts';

export const rules = testRules({ hotTexts: ['friendly-scanner'], limits: [testLimit()] });
