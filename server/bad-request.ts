/** A request that can never be answered, with the sentence that says why. */
export class BadRequest extends Error {
  readonly statusCode = 400;
}
