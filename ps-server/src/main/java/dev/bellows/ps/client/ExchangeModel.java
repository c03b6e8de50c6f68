package dev.bellows.ps.client;

import dev.bellows.ps.shard.ShardMap;

/**
 * How long the exchange of one synchronous step takes beside computing: arithmetic on costs that
 * were measured one by one, for plans and for the scale model. Times in seconds.
 *
 * <p>Every worker sends its sum to S shards and gets the new values back, in chunks; every shard
 * receives from N workers, adds, updates and answers. Chunks follow each other closely, so the
 * slowest of three ends counts: the worker's, the shard's, the link.
 *
 * @param roundTrip one frame there and one back, with the wake-ups of both ends
 * @param frame handling of one frame at one end beside its bytes
 * @param byteAtEnd one byte through the operating system, checksum and copies at one end
 * @param add one element added to the sum
 * @param update one element's optimiser step and checksum
 * @param localRound one exchange inside a process
 * @param localElement one element of an exchange inside a process
 */
public record ExchangeModel(
    double roundTrip,
    double frame,
    double byteAtEnd,
    double add,
    double update,
    double localRound,
    double localElement) {

  /** As measured; {@code ps-server/benchmarks/scale-model.md} says how each came about. */
  public static final ExchangeModel MEASURED =
      new ExchangeModel(0.25e-3, 2.9e-6, 0.5e-9, 0.14e-9, 1.0e-9, 0.066e-3, 2.9e-9);

  /** Which end is the slowest. */
  public enum Bound {
    LATENCY,
    WORKER,
    SHARD,
    LINK
  }

  /**
   * One exchange.
   *
   * @param seconds how long it takes
   * @param bound what it waits for most
   */
  public record Exchange(double seconds, Bound bound) {}

  /** Inside one process. */
  public double local(long parameters) {
    return localRound + localElement * parameters;
  }

  /**
   * Over the network.
   *
   * @param workers N, each on a machine of its own
   * @param shards S, on as many of those machines
   * @param parameters elements of the flat vector
   * @param elementBytes bytes of an element on the wire
   * @param linkBytes bytes per second of a machine's link, in each direction
   */
  public Exchange network(
      int workers, int shards, long parameters, double elementBytes, double linkBytes) {
    long chunks = Math.max(1, -Math.floorDiv(-parameters, (long) shards * ShardMap.CHUNK));
    double vector = parameters * elementBytes;
    double share = vector / shards;
    double worker = 2 * (shards * chunks * frame + vector * byteAtEnd);
    double shard =
        2.0 * workers * (chunks * frame + share * byteAtEnd)
            + (double) parameters / shards * (workers * add + update);
    double link = (vector + workers * share) / linkBytes;
    double most = Math.max(link, Math.max(worker, shard));
    Bound bound =
        most < roundTrip
            ? Bound.LATENCY
            : most == link ? Bound.LINK : most == shard ? Bound.SHARD : Bound.WORKER;
    return new Exchange(roundTrip + most, bound);
  }
}
