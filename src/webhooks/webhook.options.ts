/** An account that `resolveAccount` returns: its secrets and its name. */
export interface LalamoveWebhookAccount {
  /** The secret keys (`sk_…`) of the account. Give two while you replace one by the other. */
  secrets: string | readonly string[];
  /** The value of `event.account`. By default the name of the registration. */
  account?: string;
}

/** The options for webhooks. */
export interface LalamoveWebhookOptions {
  /**
   * The path of the endpoint, such as `webhooks/lalamove`. The global prefix of the app applies, as for any route.
   * Without it no endpoint is mounted, and a route of your own calls `LalamoveWebhooks`.
   */
  path?: string;
  /**
   * The path of the URL that is registered with Lalamove, if a proxy changes the path. Lalamove signs it. The path of a
   * URL that this process gives to `setWebhookUrl` is known without this option.
   *
   * @default the path of the endpoint
   */
  publicPath?: string;
  /**
   * The URL for Lalamove's webhooks. Once the app listens, it is registered in the background, with retries until it
   * succeeds. A failure is logged and does not stop the app. It replaces a call of `setWebhookUrl`.
   */
  url?: string;
  /**
   * All secret keys that may sign a webhook. Give two while you replace one by the other.
   *
   * @default `apiSecret`
   */
  secrets?: readonly string[];
  /**
   * How old an event may be, in seconds. An older event, or one more than an hour in the future, is answered with 200
   * and dropped. The age is computed with the current clock and with the clock at the start of the app, and the event
   * is dropped only if both agree. So a clock that is set while the app runs drops no valid event.
   *
   * @default 172800: 48 hours, because Lalamove repeats a webhook that was not answered for 24 hours
   */
  maxAgeSeconds?: number;
  /**
   * Finds the secrets of another account whose webhooks come to this endpoint, for example of a merchant of a
   * marketplace. Results are cached for a minute. After a wrong signature it is called again, at most every 5 seconds
   * for a key.
   *
   * @param apiKey the API key in the webhook; it is not signed, and may be any text
   * @returns `undefined` or `null` for an unknown key
   */
  resolveAccount?: (
    apiKey: string,
  ) => LalamoveWebhookAccount | null | undefined | Promise<LalamoveWebhookAccount | null | undefined>;
}
