package dev.bellows.jobs.train;

import dev.bellows.jobs.block.DataShard;
import dev.bellows.ps.shard.TreeSum;
import java.util.List;

/** What a task computes of a step: the sums over its slices that go to the shards. */
interface TaskWork extends AutoCloseable {
  /** Sets the data of the slices and the counts to zero. */
  void beginTask(List<DataShard> shards);

  /** Takes over values of the shards' vector, {@code length} from {@code at} on. */
  void setParameters(int at, float[] values, int offset, int length);

  /** Computes and adds what all owned slices contribute to a step of the shards. */
  void compute(long step);

  /** Sums of the last step. */
  TreeSum sums();

  /** Layer and op of the first value of this task that was not finite; "" when all were. */
  String badLayer();

  /** Rows computed in this task. */
  long rows();

  /** Time spent in reading rows in this task. */
  long fillNanos();

  @Override
  void close();
}
