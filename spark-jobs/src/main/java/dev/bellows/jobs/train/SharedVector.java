package dev.bellows.jobs.train;

import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import java.util.Arrays;
import java.util.List;

/**
 * What the shards hold of a network: its parameters, which they update by the training's rule; or,
 * with local steps, parameters and optimiser slots one behind the other, which they average over
 * the slices (parameter averaging, {@code local(k)}: each slice takes k steps of its own from the
 * same start; K. Chen, Q. Huo, ICASSP 2016; S. Stich, ICLR 2019).
 *
 * @param layout the network's parameters
 * @param update the training's rule
 * @param localSteps k; 0: the shards take every step
 * @param tables sparse tables, which the shards hold beside the vector
 */
record SharedVector(
    ParameterLayout layout, UpdateSpec update, int localSteps, List<RowTable> tables) {
  /** Copies the list. */
  SharedVector {
    tables = List.copyOf(tables);
  }

  /** Elements of the vector on the shards. */
  int length() {
    return local() ? Math.multiplyExact(dense(), 1 + update.slots()) : dense();
  }

  /** Parameters in front of the tables. */
  private int dense() {
    return tables.isEmpty() ? layout.length() : layout.dense().length();
  }

  /** Bytes of the tables' rows on the shards when all that may be trained are. */
  long tableBytes() {
    return tables.stream().mapToLong(RowTable::shardBytes).sum();
  }

  /** Most bytes of rows that a task with so many rows of data sends, or gets, in a step. */
  long rowBytes(long dataRows) {
    return tables.stream().mapToLong(table -> table.stepBytes(dataRows)).sum();
  }

  /** Whether slices take steps of their own. */
  boolean local() {
    return localSteps > 0;
  }

  /** The rule of the shards. */
  UpdateSpec rule() {
    return local()
        ? new UpdateSpec(
            OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1),
            ScheduleSpec.constant(),
            0,
            0,
            0,
            0,
            update.nanPolicy(),
            List.of(UpdateSpec.Range.state(0, length(), 0)))
        : update;
  }

  /** Optimiser slots of the shards. */
  int slots() {
    return local() ? 0 : update.slots();
  }

  /** The shards' values before the first step. */
  float[] initial(long seed) {
    return Arrays.copyOf(
        Initializers.init(tables.isEmpty() ? layout : layout.dense(), seed), length());
  }

  /** The parameters that are evaluated and stored: their moving average where there is one. */
  float[] exported(RestorePoint point) {
    if (local()) {
      return Arrays.copyOf(point.values(), layout.length());
    }
    if (!tables.isEmpty()) {
      return withTables(point);
    }
    boolean averaged = point.slots().length == 0; // the best epoch as it was evaluated
    return update.emaDecay() > 0 && !averaged ? point.slots()[update.slots() - 1] : point.values();
  }

  /** The vector and the tables behind it; a point of the best epoch has them already. */
  private float[] withTables(RestorePoint point) {
    if (point.values().length == layout.length()) {
      return point.values();
    }
    float[] all = Arrays.copyOf(point.values(), layout.length());
    for (int t = 0; t < tables.size(); t++) {
      tables.get(t).write(t, point.rows(), all);
    }
    return all;
  }

  /**
   * Steps of the shards in which so many steps of the training are taken, from an epoch's start.
   */
  long rounds(long steps) {
    return local() ? (steps + localSteps - 1) / localSteps : steps;
  }
}
