/** Training: the driver's loop over segments, the executor's loop over steps, faults and resume. */
@NullMarked
package dev.bellows.jobs.train;

import org.jspecify.annotations.NullMarked;
