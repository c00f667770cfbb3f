// Writes docs/sipwarden.toml from the schemas; a test fails where the committed file is stale.
import { writeFileSync } from 'node:fs';
import { writeConfigReference } from '../src/config-reference.ts';

writeFileSync(new URL('../docs/sipwarden.toml', import.meta.url), writeConfigReference());
