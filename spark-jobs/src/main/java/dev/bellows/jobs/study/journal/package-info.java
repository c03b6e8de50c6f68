/** The journal of a study: append-only, checksummed, replayed to the same state. */
@NullMarked
package dev.bellows.jobs.study.journal;

import org.jspecify.annotations.NullMarked;
