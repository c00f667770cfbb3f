// The part of asterisk-manager 0.2.0 (which brings no types) that we use.
declare module 'asterisk-manager' {
  export interface Manager {
    on(event: string, listener: (value: unknown) => void): void;
    removeAllListeners(event?: string): void;
    emit(event: string, ...values: readonly unknown[]): boolean;
    connect(port: number, host: string, onConnect: () => void): void;
    login(onAnswer: (refusal: unknown) => void): void;
    /** `refusal` is the answer where its response is Error. */
    action(headers: Record<string, string>, onAnswer: (refusal: unknown, answer: unknown) => void): string;
    disconnect(): void;
  }
  /** Without a port it does not connect by itself. */
  export default function createManager(
    port: undefined,
    host: string,
    user: string,
    secret: string,
    events: boolean,
  ): Manager;
}
