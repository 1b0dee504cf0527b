/** Which status may follow which, by CivicPress' own rules for a new installation. */
import { refusals } from './errors.ts';

export const initialStatus = 'draft';

const transitions: Readonly<Record<string, readonly string[]>> = {
  draft: ['proposed', 'archived'],
  proposed: ['reviewed', 'archived'],
  reviewed: ['approved', 'archived'],
  approved: ['archived'],
};

const controlled = new Set(Object.values(transitions).flat());

/** @throws Refusal when it leads into one of these statuses by another way; all others are free */
export function checkTransition(from: string, to: string): void {
  const allowed = transitions[from] ?? [];
  if (from === to || !controlled.has(to) || allowed.includes(to)) return;
  throw refusals.statusNotAllowed(from, to, allowed);
}
