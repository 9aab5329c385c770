/** A request that can't be done, and the HTTP status that says so. */
export class RequestError extends Error {
  readonly statusCode: 400 | 404 | 409 | 503;

  constructor(statusCode: RequestError['statusCode'], message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}
