package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.shard.PartSums;
import dev.bellows.ps.shard.TreeSum;

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
    session.startPull(Destination.of(parameters), now);
  }

  public void pushPull(TreeSum sums, float[] parameters, long now) {
    session.startPushPull(sums, Destination.of(parameters), now);
  }

  public void startParts(PartSums sums, long now) {
    session.startParts(sums.parts(), now);
  }

  public void push(PartSums sums, int part, float[] parameters, long now) {
    session.push(sums, part, Destination.of(parameters), now);
  }

  public void pushed(long now) {
    session.pushed(now);
  }

  public boolean arrived(int part) {
    return session.arrived(part);
  }

  public boolean advance(long now) {
    return session.advance(now);
  }

  /** With compression: gives the units what they had not sent at this version. */
  public void loadResiduals(int unitFrom, int unitTo, float[][] ofUnits) {
    session.coded().load(session.version(), unitFrom, unitTo, unit -> ofUnits[unit]);
  }

  public boolean hasResiduals() {
    return session.coded().residualsAt() == session.version();
  }

  public float[] residual(int unit) {
    return session.coded().residual(unit);
  }

  public long version() {
    return session.version();
  }

  @Override
  public void close() {
    session.close();
  }

  /** The driver's calls to primaries and to replicas, one batch at a time. */
  public static final class Control implements AutoCloseable {
    private final Calls calls;
    private final Calls second;

    /** Options of the primaries and of the replicas. */
    public Control(ClientOptions options, ClientOptions replicas, Connector connector) {
      calls = new Calls(options, connector);
      second = new Calls(replicas, connector);
    }

    public void begin() {
      calls.begin();
      second.begin();
    }

    public void add(int shard, Message request) {
      calls.add(shard, request);
    }

    public void addSecond(int shard, Message request) {
      second.add(shard, request);
    }

    public void add(
        int shard, Message request, float[] destination, int from, int length, long version) {
      calls.add(shard, request, Destination.of(destination), from, length, version);
    }

    public boolean advance(long now) {
      calls.advance(now);
      second.advance(now);
      return calls.allDone() && second.allDone();
    }

    public Message.Failure failure() {
      return calls.failure() == null ? second.failure() : calls.failure();
    }

    @Override
    public void close() {
      calls.close();
      second.close();
    }
  }
}
