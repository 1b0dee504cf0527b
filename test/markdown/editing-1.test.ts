/** One part of the scenarios that were played once. */
import { playAgain } from '../editors/played-again.ts';

playAgain(0);
