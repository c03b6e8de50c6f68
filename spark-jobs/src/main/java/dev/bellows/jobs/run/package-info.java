/** The run folder: what a run leaves behind, its lease, history, events and ledger. */
@NullMarked
package dev.bellows.jobs.run;

import org.jspecify.annotations.NullMarked;
