/**
 * Reads a JSON resource again and again while the page is visible, with its ETag, so that "nothing new" costs a 304.
 */
import { errorMessage } from './session.ts';

export interface Poll {
  /** Asks at once, outside of the rhythm. */
  now(): Promise<void>;
}

export interface PollHandlers<T> {
  onChange: (value: T) => void;
  /** `null` once it works again. */
  onProblem: (message: string | null) => void;
}

const POLL_EVERY_MS = 1_000;

export function poll<T>(url: string, { onChange, onProblem }: PollHandlers<T>): Poll {
  let etag: string | null = null;
  let isAsking = false;

  const ask = async () => {
    const response = await fetch(url, { headers: etag ? { 'if-none-match': etag } : {} }).catch(() => null);
    if (!response) return onProblem('The server does not answer');
    if (response.status === 304) return onProblem(null);
    if (!response.ok) return onProblem(await errorMessage(response));
    etag = response.headers.get('etag');
    onProblem(null);
    onChange((await response.json()) as T);
  };

  const now = async () => {
    if (isAsking) return;
    isAsking = true;
    await ask().finally(() => {
      isAsking = false;
    });
  };

  const whenVisible = () => {
    if (document.visibilityState === 'visible') void now();
  };
  setInterval(whenVisible, POLL_EVERY_MS);
  document.addEventListener('visibilitychange', whenVisible);
  whenVisible();
  return { now };
}
