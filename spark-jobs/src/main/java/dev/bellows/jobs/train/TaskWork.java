package dev.bellows.jobs.train;

import dev.bellows.jobs.block.DataShard;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.shard.TreeSum;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a task computes of a step: the sums over its slices that go to the shards. */
interface TaskWork extends AutoCloseable {
  /** Sets the data of the slices and the counts to zero. */
  void beginTask(List<DataShard> shards);

  /** Takes only some rows of each owned shard, see {@link SliceRows#choose}. */
  void choose(int[][] chosen);

  /** Takes over values of the shards' vector, {@code length} from {@code at} on. */
  void setParameters(int at, float[] values, int offset, int length);

  /** Computes and adds what all owned slices contribute to a step of the shards. */
  void compute(long step);

  /**
   * Opens the way to what the shards hold beside the vector: sparse tables, where there are any.
   */
  default void connect(ClientOptions options, Connector connector) {}

  /** Closes it. */
  default void disconnect() {}

  /** Sends what the owned slices contribute to sparse tables, before the sums of the same step. */
  default void pushRows(long step) {}

  /** Nanoseconds spent waiting for sparse tables since {@link #connect}. */
  default long waitedNanos() {
    return 0;
  }

  /** Bytes of keys and numbers of sparse tables since {@link #connect}. */
  default long payloadBytes() {
    return 0;
  }

  /** Sums of the last step, where there is no {@link #exchange}. */
  TreeSum sums();

  /** Parts of steps that are on their way while steps are computed; null when whole steps are. */
  default @Nullable PartExchange exchange() {
    return null;
  }

  /** Layer and op of the first value of this task that was not finite; "" when all were. */
  String badLayer();

  /** Rows computed in this task. */
  long rows();

  /** Time spent in reading rows in this task. */
  long fillNanos();

  @Override
  void close();
}
