package dev.bellows.ps.server;

/**
 * What a namespace counts; the id is the index in {@code StatusReply.counters} and is never reused.
 */
public enum Counter {
  /** Contributions that entered a sum. */
  PUSHES_ACCEPTED(0),
  /** Contributions whose slices were all there already: acknowledged, not added. */
  PUSHES_DUPLICATE(1),
  /** Accepted contributions that replaced smaller ones inside them. */
  PUSHES_REPLACING(2),
  /** Requests of replaced clients, two or more steps behind. */
  REQUESTS_STALE(3),
  /** Requests with an older incarnation. */
  REQUESTS_FENCED(4),
  /** Requests refused for any other reason. */
  REQUESTS_REFUSED(5),
  /** Steps applied to the whole range. */
  STEPS_APPLIED(6),
  /** Steps skipped as non-finite. */
  STEPS_SKIPPED(7),
  /** Chunks sent. */
  CHUNKS_SENT(8),
  /** Chunks sent at the version before the present one. */
  CHUNKS_SENT_PREVIOUS(9),
  /** Deferred answers waiting now. */
  WAITING(10),
  /** Bytes of float arrays held now. */
  BYTES(11),
  /** Snapshots completed. */
  SNAPSHOTS(12),
  /** Sums of chunks sent to the replica. */
  FORWARDS(13),
  /** Sums sent to the replica again. */
  FORWARDS_REPEATED(14),
  /** Chunks whose newest version waits for the replica now. */
  HIDDEN(15),
  /** Most steps that somebody was given parameters ahead of the slowest slice. */
  LEAD_MAX(16);

  private final int id;

  Counter(int id) {
    this.id = id;
  }

  /** Stable id. */
  public int id() {
    return id;
  }

  /** Whether it tells what there is now, so that it ends with its namespace. */
  boolean isLevel() {
    return this == WAITING || this == BYTES || this == HIDDEN;
  }

  /** Adds a value to the sum over several namespaces; the largest counts where it is a maximum. */
  void add(long[] sums, long value) {
    sums[id] = this == LEAD_MAX ? Math.max(sums[id], value) : sums[id] + value;
  }

  /** The counter's value in a status reply; 0 when the server is older than the counter. */
  public long in(long[] counters) {
    return id < counters.length ? counters[id] : 0;
  }
}
