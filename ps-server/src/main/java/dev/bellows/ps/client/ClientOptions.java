package dev.bellows.ps.client;

import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.ShardMap;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Everything a client must know. Start with {@link #of}, then name task, slices and deadlines.
 *
 * @param run run id
 * @param incarnation the driver attempt
 * @param map how the vector is cut
 * @param placement address of each shard, as many as the map has shards
 * @param client id of the task attempt, larger for newer attempts (Spark's taskAttemptId); a newer
 *     one replaces older ones that share a slice with it; not used by {@code PsControl}
 * @param name for people: "task 2 on executor 3 (host h)"
 * @param sliceFrom first slice this task owns
 * @param sliceTo one past the last
 * @param stepDeadline longest wait for one operation (a step, a pull, a control call) before {@link
 *     PsTimeoutException}
 * @param resendAfter silence after which an unanswered request is sent again; doubles each time
 * @param cancelled polled at least every 100 ms while waiting; true ends the wait with code
 *     CANCELLED
 * @param compression how the namespaces were made
 * @param slices number V of slices; not used without compression
 */
public record ClientOptions(
    String run,
    long incarnation,
    ShardMap map,
    List<ShardAddress> placement,
    long client,
    String name,
    int sliceFrom,
    int sliceTo,
    Duration stepDeadline,
    Duration resendAfter,
    BooleanSupplier cancelled,
    Compression compression,
    int slices) {
  /** Checks the fields. */
  public ClientOptions {
    placement = List.copyOf(placement);
    new Target(run, 0, incarnation);
    if (placement.size() != map.shards()) {
      throw new IllegalArgumentException(
          "placement must name " + map.shards() + " shards, found " + placement.size());
    }
    if (stepDeadline.isNegative()
        || stepDeadline.isZero()
        || resendAfter.isNegative()
        || resendAfter.isZero()) {
      throw new IllegalArgumentException(
          "deadlines must be positive, found step " + stepDeadline + ", resend " + resendAfter);
    }
  }

  /** A client without slices, 60 s step deadline, 5 s resend, never cancelled. */
  public static ClientOptions of(
      String run, long incarnation, ShardMap map, List<ShardAddress> placement) {
    return new ClientOptions(
        run,
        incarnation,
        map,
        placement,
        0,
        "driver",
        0,
        0,
        Duration.ofSeconds(60),
        Duration.ofSeconds(5),
        () -> false,
        Compression.NONE,
        0);
  }

  /** The same for a task that owns slices. */
  public ClientOptions task(long id, String taskName, int from, int to) {
    return new ClientOptions(
        run,
        incarnation,
        map,
        placement,
        id,
        taskName,
        from,
        to,
        stepDeadline,
        resendAfter,
        cancelled,
        compression,
        slices);
  }

  /** The same with other deadlines. */
  public ClientOptions deadlines(Duration step, Duration resend) {
    return new ClientOptions(
        run,
        incarnation,
        map,
        placement,
        client,
        name,
        sliceFrom,
        sliceTo,
        step,
        resend,
        cancelled,
        compression,
        slices);
  }

  /** The same with a cancellation test. */
  public ClientOptions cancelledWhen(BooleanSupplier test) {
    return new ClientOptions(
        run,
        incarnation,
        map,
        placement,
        client,
        name,
        sliceFrom,
        sliceTo,
        stepDeadline,
        resendAfter,
        test,
        compression,
        slices);
  }

  /** The same for namespaces that were made with compression. */
  public ClientOptions coded(Compression codec, int allSlices) {
    return new ClientOptions(
        run,
        incarnation,
        map,
        placement,
        client,
        name,
        sliceFrom,
        sliceTo,
        stepDeadline,
        resendAfter,
        cancelled,
        codec,
        allSlices);
  }

  /** The same for another cut of as many shards. */
  ClientOptions withMap(ShardMap other) {
    return new ClientOptions(
        run,
        incarnation,
        other,
        placement,
        client,
        name,
        sliceFrom,
        sliceTo,
        stepDeadline,
        resendAfter,
        cancelled,
        compression,
        slices);
  }
}
