/** How a connection is doing: what the tree, the status bar and the panels show. */
export type ConnectionStatus =
  /** No server runs, and none was asked for. */
  | { state: 'idle'; since: number }
  | { state: 'connecting'; since: number }
  | { state: 'connected'; since: number; address: string }
  | {
      state: 'lost';
      /** Epoch milliseconds of its last answer, or of the first request. */
      since: number;
      reason: string;
      /** False when it never answered. */
      reached: boolean;
      /** It answers, but the token is missing or wrong; another try would fail in the same way. */
      wantsToken?: true;
    };
