package dev.bellows.ps.protocol;

import dev.bellows.ps.codec.Compression;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All requests and answers. Every request gets exactly one answer with its request id: the one
 * named in its comment, or {@link Failure}. Answers may come late (deferred) and in any order.
 * Requests are idempotent.
 *
 * <p>Records that hold arrays compare them by identity; the protocol never compares messages.
 */
@SuppressWarnings("ArrayRecordComponent") // messages are never compared
public sealed interface Message {
  /** Number of values in a scalar vector: weight sum, loss sum, metric sum, rows. */
  int SCALARS = 4;

  /** Message kind. */
  Opcode opcode();

  /** A request to one namespace. */
  sealed interface Request extends Message {
    /** The namespace. */
    Target target();
  }

  /** A request about a sparse table: {@link RowMessage}. */
  non-sealed interface OfTable extends Request {
    /** Number of the table in its run. */
    int table();
  }

  /** Is anybody there? Answer: {@link Done} with step -1. */
  record Ping() implements Message {
    @Override
    public Opcode opcode() {
      return Opcode.PING;
    }
  }

  /**
   * Makes a namespace in state LOADING, all values and slots zero. Repeating it with equal contents
   * is acknowledged; a larger incarnation replaces the namespace. Answer: {@link Done} with step
   * -1.
   *
   * @param target namespace
   * @param from first global element of the shard (multiple of 1,024)
   * @param to one past the last global element
   * @param slices number V of logical slices per step
   * @param stepsPerEpoch for the learning rate schedule
   * @param totalSteps for the learning rate schedule
   * @param ledgerCapacity ledger entries kept (the newest ones)
   * @param crcEvery a ledger entry carries the CRC32C of the range when its step number plus one is
   *     a multiple of this; 0: never
   * @param consistency when a step may start
   * @param compression how gradients and parameters are coded
   * @param updateSpec encoded {@code engine.optim.UpdateSpec}
   */
  record Create(
      Target target,
      int from,
      int to,
      int slices,
      long stepsPerEpoch,
      long totalSteps,
      int ledgerCapacity,
      int crcEvery,
      Consistency consistency,
      Compression compression,
      byte[] updateSpec)
      implements Request {
    /** A namespace of raw values. */
    public Create(
        Target target,
        int from,
        int to,
        int slices,
        long stepsPerEpoch,
        long totalSteps,
        int ledgerCapacity,
        int crcEvery,
        Consistency consistency,
        byte[] updateSpec) {
      this(
          target,
          from,
          to,
          slices,
          stepsPerEpoch,
          totalSteps,
          ledgerCapacity,
          crcEvery,
          consistency,
          Compression.NONE,
          updateSpec);
    }

    @Override
    public Opcode opcode() {
      return compression.isNone() ? Opcode.CREATE : Opcode.CREATE_CODED;
    }
  }

  /**
   * Initial or restored values while LOADING. Answer: {@link Done} with step -1.
   *
   * @param target namespace
   * @param slot 0: parameters, 1..n: optimiser slots
   * @param from first global element
   * @param values the elements
   */
  record Put(Target target, int slot, int from, Floats values) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.PUT;
    }
  }

  /**
   * Ends LOADING: all chunks get this version and the namespace is RUNNING. Answer: {@link Done}
   * with the step.
   *
   * @param target namespace
   * @param step version of the loaded values; 0 for a new run
   */
  record Seal(Target target, long step) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.SEAL;
    }
  }

  /**
   * Names a client and the slices it works on. Clients with a smaller id that share a slice with it
   * are replaced: their requests are refused from now on; a client that shares a slice with one of
   * a larger id is refused itself. Answer: {@link StatusReply}.
   *
   * @param target namespace
   * @param client id of the task attempt, larger for newer attempts
   * @param name for people: "task 2 on executor 3 (host h)", at most 200 characters
   * @param sliceFrom first slice it owns
   * @param sliceTo one past the last
   */
  record Join(Target target, long client, String name, int sliceFrom, int sliceTo)
      implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.JOIN;
    }
  }

  /**
   * The sum of the slices under one subtree, for one chunk. Answer: {@link Done} with the chunk's
   * version, or, when {@code pull} is set, {@link Values} of version {@code step + 1} as soon as it
   * is there.
   */
  final class Push extends PushBody implements Request {
    /** An empty one, to be filled for step after step. */
    public Push() {
      super(Floats.of(new float[0]));
    }

    /** A whole one; fields as in {@link PushBody}. */
    public Push(
        Target target,
        long client,
        long step,
        int level,
        int index,
        int chunk,
        boolean pull,
        int badSlice,
        double weight,
        double loss,
        double metric,
        double rows,
        Floats values) {
      super(values);
      head(target, client, step, level, index, chunk, pull);
      sums(badSlice, weight, loss, metric, rows);
    }

    @Override
    public Opcode opcode() {
      return Opcode.PUSH;
    }
  }

  /**
   * A {@link Push} of one unit's gradients in the code of the namespace. Answer: {@link Done}, or,
   * when {@code pull} is set, {@link CodedValues} or {@link Values} of version {@code step + 1}.
   *
   * @param head the push without values
   * @param wanted sum of squares of what the unit had to send, over the whole vector
   * @param left sum of squares of what it could not send and keeps
   * @param coded code of as many values as the chunk has elements in this shard
   */
  record CodedPush(Push head, double wanted, double left, Bytes coded) implements Request {
    @Override
    public Target target() {
      return head.target();
    }

    @Override
    public Opcode opcode() {
      return Opcode.CODED_PUSH;
    }
  }

  /**
   * Asks for a chunk at a version: the present one, the one before it, or (deferred) the next one.
   * Answer: {@link Values}.
   *
   * @param target namespace
   * @param client id of the task attempt
   * @param version wanted version
   * @param chunk global chunk number
   */
  record Pull(Target target, long client, long version, int chunk) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.PULL;
    }
  }

  /**
   * Two-phase steps: asks for the sums of squares of the finished gradient sum of a step. Deferred
   * until all slices of all chunks are there. Answer: {@link NormReply}.
   *
   * @param target namespace
   * @param step the step
   */
  record Norm(Target target, long step) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.NORM;
    }
  }

  /**
   * Two-phase steps: applies the step. Answer: {@link Done} with the new version.
   *
   * @param target namespace
   * @param step the step
   * @param apply false: skip the step because some shard saw non-finite values
   * @param scale factor on trainable gradients, in (0, 1]
   * @param badSlice first slice that some shard saw to be not finite, -1 for none
   */
  record Commit(Target target, long step, boolean apply, float scale, int badSlice)
      implements Request {
    /** Without a bad slice. */
    public Commit(Target target, long step, boolean apply, float scale) {
      this(target, step, apply, scale, -1);
    }

    @Override
    public Opcode opcode() {
      return Opcode.COMMIT;
    }
  }

  /** Asks how things stand. Answer: {@link StatusReply}. */
  record Status(Target target) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.STATUS;
    }
  }

  /**
   * Asks for ledger entries of finished steps. Answer: {@link LedgerReply}.
   *
   * @param target namespace
   * @param fromStep first step wanted
   * @param limit most entries wanted
   */
  record Ledger(Target target, long fromStep, int limit) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.LEDGER;
    }
  }

  /**
   * Takes a copy of values and slots at a version: now when all chunks are there, else (deferred)
   * chunk by chunk as each reaches it, while steps go on. One snapshot per namespace is held; a new
   * one replaces it. Answer: {@link Done} with the step when the copy is whole.
   *
   * @param target namespace
   * @param step version to copy
   */
  record Snapshot(Target target, long step) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.SNAPSHOT;
    }
  }

  /**
   * Reads a chunk of the snapshot. Answer: {@link Values}.
   *
   * @param target namespace
   * @param step version of the snapshot
   * @param slot 0: parameters, 1..n: optimiser slots
   * @param chunk global chunk number
   */
  record Get(Target target, long step, int slot, int chunk) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.GET;
    }
  }

  /** Frees the snapshot of a step; none there is fine. Answer: {@link Done}. */
  record Release(Target target, long step) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.RELEASE;
    }
  }

  /**
   * Forgets the namespace; waiting requests fail with NO_SUCH_NAMESPACE. Answer: {@link Done} with
   * step -1.
   */
  record Drop(Target target) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.DROP;
    }
  }

  /**
   * Makes another server's namespace of the same target the replica of this one from a version on:
   * every step {@code >= from} is forwarded to it, and its result is shown to nobody before the
   * replica has acknowledged it. It must be sent before a chunk has passed the version; the replica
   * may be loaded later, until then the steps stand still. Repeating it sends again what is not
   * acknowledged; another peer takes the place of the one before. Answer: {@link Done} with the
   * version.
   *
   * @param target namespace
   * @param replica where the replica is
   * @param from version of the values that the replica is loaded with
   */
  record Attach(Target target, Peer replica, long from) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.ATTACH;
    }
  }

  /**
   * Goes on without a replica; none there is fine. Only who decides about promotion may ask for
   * this: a primary that left its replica by itself could go on beside a promoted one. Answer:
   * {@link Done} with the version.
   *
   * @param target namespace
   */
  record Detach(Target target) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.DETACH;
    }
  }

  /**
   * Gives a sealed namespace a larger incarnation and keeps what it holds: from then on requests of
   * the one before are refused. This is all that promotes a replica. Repeating it is acknowledged.
   * Answer: {@link Done} with the version.
   *
   * @param target namespace, with the new incarnation
   */
  record Advance(Target target) implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.ADVANCE;
    }
  }

  /**
   * One of the named operations, on the elements of a global range that the shard holds. Answer:
   * {@link OperateReply}.
   *
   * @param target namespace
   * @param id of a change: grows, repeating it changes nothing; 0 for the others
   * @param operation what to do
   * @param step version that it is done at; not looked at for histograms
   * @param slot 0: parameters, 1..n: optimiser slots
   * @param from first global element
   * @param to one past the last
   * @param reals arguments, as {@link Operation} draws them
   * @param wholes arguments
   */
  record Operate(
      Target target,
      long id,
      Operation operation,
      long step,
      int slot,
      int from,
      int to,
      double[] reals,
      long[] wholes)
      implements Request {
    @Override
    public Opcode opcode() {
      return Opcode.OPERATE;
    }
  }

  /**
   * What an operation gave.
   *
   * @param step version of the namespace
   * @param reals as {@link Operation} draws them
   * @param wholes as {@link Operation} draws them
   */
  record OperateReply(long step, double[] reals, long[] wholes) implements Message {
    @Override
    public Opcode opcode() {
      return Opcode.OPERATE_REPLY;
    }
  }

  /**
   * Acknowledges a request.
   *
   * @param step version of what the request was about, or -1
   */
  record Done(long step) implements Message {
    @Override
    public Opcode opcode() {
      return Opcode.DONE;
    }
  }

  /**
   * A refused request.
   *
   * @param code the error
   * @param step step that it is about, or -1
   * @param slice slice that it is about, or -1
   * @param detail for people, at most 1,000 characters
   */
  record Failure(PsErrorCode code, long step, int slice, String detail) implements Message {
    @Override
    public Opcode opcode() {
      return Opcode.FAILURE;
    }
  }

  /** Elements of one chunk. */
  final class Values extends ValuesBody implements Message {
    /** An empty one, to be filled again and again. */
    public Values() {
      super(Floats.of(new float[0]));
    }

    /** A whole one. */
    public Values(long version, int slot, int from, Floats values) {
      super(values);
      head(version, slot, from);
    }

    @Override
    public Opcode opcode() {
      return Opcode.VALUES;
    }
  }

  /**
   * The change of one chunk since the version before, for those who have that.
   *
   * @param version version that it leads to
   * @param from first global element
   * @param length number of elements
   * @param coded code of the change
   */
  record CodedValues(long version, int from, int length, Bytes coded) implements Message {
    @Override
    public Opcode opcode() {
      return Opcode.CODED_VALUES;
    }
  }

  /**
   * First phase of a step.
   *
   * @param step the step
   * @param finite false when the sum or a contribution of this shard is not finite
   * @param badSlice first slice that was marked non-finite, or -1
   * @param weight total weight of the step
   * @param squares sums of squares of the gradient sum over consecutive 1,024-element blocks of the
   *     shard, trainable elements only
   */
  record NormReply(long step, boolean finite, int badSlice, double weight, double[] squares)
      implements Message {
    @Override
    public Opcode opcode() {
      return Opcode.NORM_REPLY;
    }
  }

  /** State of a namespace. */
  enum State {
    /** Values are being loaded. */
    LOADING(0),
    /** Steps are taken. */
    RUNNING(1),
    /**
     * A step was not finite under the stop policy; waits for a CREATE with a larger incarnation.
     */
    DIVERGED(2);

    private final int wire;

    State(int wire) {
      this.wire = wire;
    }

    /** Number on the wire. */
    public int wire() {
      return wire;
    }

    /**
     * The state of a wire number.
     *
     * @throws PsException BAD_REQUEST for a number that no state has
     */
    public static State ofWire(int wire) {
      return switch (wire) {
        case 0 -> LOADING;
        case 1 -> RUNNING;
        case 2 -> DIVERGED;
        default ->
            throw new PsException(PsErrorCode.BAD_REQUEST, "state must be in 0..2, found " + wire);
      };
    }
  }

  /**
   * How a namespace stands.
   *
   * @param state state
   * @param incarnation its incarnation
   * @param version smallest chunk version: the step that is being worked on
   * @param newestVersion largest chunk version, at most one larger
   * @param slices number V of slices
   * @param missing bit v is set when slice v of step {@code version} has not arrived for every
   *     chunk
   * @param badSlice slice that made it diverge, or -1
   * @param twoPhase steps need NORM and COMMIT
   * @param clipNorm largest norm of the gradient over the whole vector, 0 for no limit
   * @param clients clients that joined, by id
   * @param counters by {@code server.Counter} id
   */
  record StatusReply(
      State state,
      long incarnation,
      long version,
      long newestVersion,
      int slices,
      long[] missing,
      int badSlice,
      boolean twoPhase,
      double clipNorm,
      List<ClientInfo> clients,
      long[] counters)
      implements Message {
    @Override
    public Opcode opcode() {
      return Opcode.STATUS_REPLY;
    }

    /** Copies the list. */
    public StatusReply {
      clients = List.copyOf(clients);
    }
  }

  /**
   * A client as the server sees it.
   *
   * @param client id
   * @param name for people
   * @param sliceFrom first slice it owns
   * @param sliceTo one past the last
   * @param lastStep step of its newest push, -1 before the first
   * @param silentMs milliseconds since its newest request
   */
  record ClientInfo(
      long client, String name, int sliceFrom, int sliceTo, long lastStep, long silentMs) {}

  /**
   * Finished steps.
   *
   * @param version version of the namespace: steps below it are finished
   * @param length elements of this shard's range, for combining checksums
   * @param entries consecutive steps from the first that is still held and not below the wanted one
   */
  record LedgerReply(long version, int length, List<LedgerEntry> entries) implements Message {
    @Override
    public Opcode opcode() {
      return Opcode.LEDGER_REPLY;
    }

    /** Copies the list. */
    public LedgerReply {
      entries = List.copyOf(entries);
    }
  }

  /**
   * Rows of a copy, in hash order from row {@code from} of the bucket on.
   *
   * @param version version of the copy
   * @param bucket the bucket
   * @param from number of the first
   * @param total rows of the bucket
   * @param keys as many as were wanted, fit and are there
   * @param updates updates that each row has behind it
   * @param rows [keys, (1 + slots) width]: values, then each slot
   */
  record RowPage(
      long version, int bucket, int from, int total, long[] keys, long[] updates, Floats rows)
      implements Message {
    @Override
    public Opcode opcode() {
      return Opcode.ROW_PAGE;
    }

    /** The same with rows of its own. */
    public RowPage copied() {
      int end = rows.offset() + rows.length();
      float[] own = Arrays.copyOfRange(rows.array(), rows.offset(), end);
      return new RowPage(version, bucket, from, total, keys, updates, Floats.of(own));
    }
  }

  /**
   * One finished step. Mean loss is {@code loss / weight}.
   *
   * @param step the step, 0-based
   * @param weight sum of row weights
   * @param loss sum of weighted losses
   * @param metric sum of the metric
   * @param rows rows seen
   * @param applied false when the step was skipped as non-finite
   * @param hasCrc whether {@code crc} was computed
   * @param crc CRC32C of the range's little-endian floats after the step
   * @param coded what compression did to the step; null without compression
   */
  record LedgerEntry(
      long step,
      double weight,
      double loss,
      double metric,
      double rows,
      boolean applied,
      boolean hasCrc,
      int crc,
      @Nullable CodedStep coded) {
    /** A step of raw values. */
    public LedgerEntry(
        long step,
        double weight,
        double loss,
        double metric,
        double rows,
        boolean applied,
        boolean hasCrc,
        int crc) {
      this(step, weight, loss, metric, rows, applied, hasCrc, crc, null);
    }
  }

  /**
   * What a step's codes took and left out; the same for any number of tasks and, bytes added over
   * the shards, for any number of shards.
   *
   * @param bytesUp code of the gradients of all units
   * @param bytesDown code of the change of the parameters, once
   * @param wanted sum of squares of what the units had to send
   * @param left sum of squares of what they could not send
   */
  record CodedStep(long bytesUp, long bytesDown, double wanted, double left) {
    /** Relative error of the gradients, |left| / |wanted| in the Euclidean norm; 0 for nothing. */
    public double error() {
      return wanted > 0 ? Math.sqrt(left / wanted) : 0;
    }
  }
}
