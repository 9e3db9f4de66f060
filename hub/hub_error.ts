/** The Hub could not be asked, or its answer could not be used. */
export class HubUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HubUnreachable";
  }
}

/** The Hub answered that it does not give what was asked for. */
export class HubRefusal extends Error {
  readonly status: number;
  /** The Hub's word for the reason, such as "GatedRepo"; "" without one. */
  readonly code: string;
  /** Seconds that it asks to wait; null when it does not say. */
  readonly wait: number | null;

  constructor(status: number, { code = "", wait }: {
    code?: string;
    wait: number | null;
  }) {
    super(`Answered with status ${status}`);
    this.name = "HubRefusal";
    this.status = status;
    this.code = code;
    this.wait = wait;
  }
}

/** Nobody waits for the answer any more. */
export class HubStopped extends Error {
  constructor() {
    super("The look-up was stopped");
    this.name = "HubStopped";
  }
}

/** Whether an error says what the Hub did, and needs no other words. */
export function isHubError(error: unknown): boolean {
  return error instanceof HubUnreachable || error instanceof HubRefusal ||
    error instanceof HubStopped;
}
