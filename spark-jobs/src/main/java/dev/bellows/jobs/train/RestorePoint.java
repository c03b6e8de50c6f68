package dev.bellows.jobs.train;

import dev.bellows.ps.checkpoint.RowPart;
import java.util.List;
import java.util.Map;

/**
 * A step boundary that training can go on from: parameters, optimiser slots and the driver's state.
 *
 * @param step steps applied
 * @param values flat vector [length]; not changed after the point was made
 * @param slots optimiser slots [slots][length]; with compression the workers' view and the residual
 *     of each unit behind them
 * @param rows rows of sparse tables that were updated
 * @param state tree of {@link TrainState}
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, compared by no one
record RestorePoint(
    long step, float[] values, float[][] slots, List<RowPart> rows, Map<String, Object> state) {
  /** A point of a run without sparse tables. */
  RestorePoint(long step, float[] values, float[][] slots, Map<String, Object> state) {
    this(step, values, slots, List.of(), state);
  }
}
