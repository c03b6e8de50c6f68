package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.shard.TreeSum;
import java.util.ArrayList;
import java.util.List;

/** Opens the non-blocking clients of this package to the simulator. */
public final class SimClient implements AutoCloseable {
  private final TaskSession session;

  public SimClient(ClientOptions options, Connector connector) {
    session = new TaskSession(options, connector);
  }

  public void join(long now) {
    session.startJoin(now);
  }

  public void pull(float[] parameters, long now) {
    session.startPull(parameters, now);
  }

  public void pushPull(TreeSum sums, float[] parameters, long now) {
    session.startPushPull(sums, parameters, now);
  }

  public boolean advance(long now) {
    return session.advance(now);
  }

  public long version() {
    return session.version();
  }

  @Override
  public void close() {
    session.close();
  }

  /** The driver's calls, one batch at a time. */
  public static final class Control implements AutoCloseable {
    private final Calls calls;
    private final List<Call> batch = new ArrayList<>();

    public Control(ClientOptions options, Connector connector) {
      calls = new Calls(options, connector);
    }

    public void begin() {
      calls.begin();
      batch.clear();
    }

    public void add(int shard, Message request) {
      batch.add(calls.add(shard, request));
    }

    public void add(
        int shard, Message request, float[] destination, int from, int length, long version) {
      batch.add(calls.add(shard, request, destination, from, length, version));
    }

    public boolean advance(long now) {
      calls.advance(now);
      return calls.allDone();
    }

    public Message.Failure failure() {
      return calls.failure();
    }

    @Override
    public void close() {
      calls.close();
    }
  }
}
