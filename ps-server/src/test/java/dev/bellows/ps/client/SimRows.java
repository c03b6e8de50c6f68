package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.TableSpec;
import dev.bellows.ps.shard.SparseSum;
import java.util.List;

/** Opens the requests of {@link PsRows} to the simulator, one table. */
public final class SimRows implements AutoCloseable {
  private final RowOptions rows;
  private final Calls calls;

  public SimRows(ClientOptions options, TableSpec table, Connector connector) {
    rows = new RowOptions(options, List.of(table));
    calls = new Calls(rows.options, connector);
  }

  public void pull(long version, long[] keys, float[] values) {
    calls.begin();
    rows.addPulls(calls, 0, version, keys, values);
  }

  public void push(long step, SparseSum sums) {
    calls.begin();
    rows.addPushes(calls, 0, step, sums);
  }

  /** Sends what is due; true when all is answered, throws when something was refused. */
  public boolean advance(long now) {
    calls.advance(now);
    Message.Failure failure = calls.failure();
    if (failure != null) {
      throw Failures.exception(rows.options, calls.failedShard(), failure);
    }
    return calls.allDone();
  }

  @Override
  public void close() {
    calls.close();
  }
}
