package dev.bellows.jobs.train;

import java.io.Serializable;

/**
 * Steps that each slice takes by itself before the shards average.
 *
 * @param count k, steps from one average to the next
 * @param update encoded {@code engine.optim.UpdateSpec} of these steps
 * @param perEpoch of them in an epoch
 * @param totalSteps of the whole training, for the schedule
 */
@SuppressWarnings("ArrayRecordComponent") // plain carrier, never compared
record LocalSteps(int count, byte[] update, long perEpoch, long totalSteps)
    implements Serializable {}
