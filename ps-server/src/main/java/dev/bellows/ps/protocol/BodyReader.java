package dev.bellows.ps.protocol;

import dev.bellows.ps.codec.Compression;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads bodies as drawn in {@link MessageCodec}, one after the other; for one thread. Pushes and
 * values are the same objects each time.
 */
final class BodyReader {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private static final int MIN_CLIENT_BYTES = 34;
  private static final int LEDGER_ENTRY_BYTES = 48;

  private final FloatScratch scratch;
  private ByteBuffer in = NOTHING;

  /** Nearly all frames of a connection are for the same namespace. */
  private @Nullable Target lastTarget;

  private final Message.Push lastPush = new Message.Push();
  private final Message.Values lastValues = new Message.Values();

  BodyReader(FloatScratch scratch) {
    this.scratch = scratch;
  }

  /**
   * Reads one body.
   *
   * @param body little-endian, from its position to its limit
   */
  Message read(Opcode opcode, ByteBuffer body) {
    in = body;
    try {
      return switch (opcode) {
        case PING -> new Message.Ping();
        case CREATE, CREATE_CODED -> create(target(), opcode == Opcode.CREATE_CODED);
        case PUT -> new Message.Put(target(), in.getInt(), in.getInt(), floats());
        case SEAL -> new Message.Seal(target(), in.getLong());
        case JOIN ->
            new Message.Join(
                target(),
                in.getLong(),
                string("client name", MessageCodec.MAX_NAME_LENGTH),
                in.getInt(),
                in.getInt());
        case PUSH -> push(true);
        case CODED_PUSH ->
            new Message.CodedPush(push(false), in.getDouble(), in.getDouble(), bytes());
        case PULL -> new Message.Pull(target(), in.getLong(), in.getLong(), in.getInt());
        case NORM -> new Message.Norm(target(), in.getLong());
        case COMMIT ->
            new Message.Commit(target(), in.getLong(), bool("apply"), in.getFloat(), in.getInt());
        case STATUS -> new Message.Status(target());
        case LEDGER -> new Message.Ledger(target(), in.getLong(), in.getInt());
        case SNAPSHOT -> new Message.Snapshot(target(), in.getLong());
        case GET -> new Message.Get(target(), in.getLong(), in.getInt(), in.getInt());
        case RELEASE -> new Message.Release(target(), in.getLong());
        case DROP -> new Message.Drop(target());
        case ATTACH ->
            new Message.Attach(
                target(),
                new Peer(string("replica host", Peer.MAX_HOST_LENGTH), in.getInt()),
                in.getLong());
        case DETACH -> new Message.Detach(target());
        case ADVANCE -> new Message.Advance(target());
        case OPERATE -> operate(target());
        case CREATE_TABLE -> createTable(target());
        case TABLE ->
            new RowMessage.Control(
                target(), in.getInt(), RowMessage.Action.ofWire(in.getInt()), in.getLong());
        case PUT_ROWS ->
            new RowMessage.PutRows(
                target(), in.getInt(), longs("keys"), longs("updates"), floats());
        case PULL_ROWS -> new RowMessage.PullRows(target(), in.getInt(), in.getLong(), keys());
        case PUSH_ROWS ->
            new RowMessage.PushRows(
                target(),
                in.getInt(),
                in.getLong(),
                in.getInt(),
                in.getInt(),
                in.getInt(),
                in.getInt(),
                in.getInt(),
                in.getDouble(),
                keys(),
                floats());
        case GET_ROWS ->
            new RowMessage.GetRows(
                target(), in.getInt(), in.getLong(), in.getInt(), in.getInt(), in.getInt());
        case ROW_PAGE ->
            new Message.RowPage(
                in.getLong(),
                in.getInt(),
                in.getInt(),
                in.getInt(),
                longs("keys"),
                longs("updates"),
                floats());
        case DONE -> new Message.Done(in.getLong());
        case FAILURE ->
            new Message.Failure(
                PsErrorCode.ofWire(in.getInt()),
                in.getLong(),
                in.getInt(),
                string("detail", MessageCodec.MAX_DETAIL_LENGTH));
        case VALUES -> values();
        case CODED_VALUES ->
            new Message.CodedValues(in.getLong(), in.getInt(), in.getInt(), bytes());
        case NORM_REPLY ->
            new Message.NormReply(
                in.getLong(),
                bool("finite"),
                in.getInt(),
                in.getDouble(),
                doubles("squares", Integer.MAX_VALUE));
        case STATUS_REPLY -> status();
        case LEDGER_REPLY -> ledger();
        case OPERATE_REPLY ->
            new Message.OperateReply(
                in.getLong(), doubles("reals", Integer.MAX_VALUE), longs("wholes"));
      };
    } catch (BufferUnderflowException e) {
      throw new PsException(PsErrorCode.BAD_REQUEST, opcode + " body ends too early", e);
    } finally {
      in = NOTHING;
    }
  }

  private Message.Push push(boolean values) {
    Message.Push push = lastPush;
    push.head(
        target(), in.getLong(), in.getLong(), in.getInt(), in.getInt(), in.getInt(), bool("pull"));
    push.sums(in.getInt(), in.getDouble(), in.getDouble(), in.getDouble(), in.getDouble());
    int n = values ? count("values", Float.BYTES, Integer.MAX_VALUE) : 0;
    push.gradients(floats(n), 0, n);
    return push;
  }

  private Message.Values values() {
    Message.Values answer = lastValues;
    answer.head(in.getLong(), in.getInt(), in.getInt());
    int n = count("values", Float.BYTES, Integer.MAX_VALUE);
    answer.elements(floats(n), 0, n);
    return answer;
  }

  private Message create(Target target, boolean coded) {
    int from = in.getInt();
    int to = in.getInt();
    int slices = in.getInt();
    long stepsPerEpoch = in.getLong();
    long totalSteps = in.getLong();
    int ledgerCapacity = in.getInt();
    int crcEvery = in.getInt();
    Consistency consistency = consistency(in.getInt());
    byte[] spec = updateSpec();
    Compression compression = coded ? compression() : Compression.NONE;
    return new Message.Create(
        target,
        from,
        to,
        slices,
        stepsPerEpoch,
        totalSteps,
        ledgerCapacity,
        crcEvery,
        consistency,
        compression,
        spec);
  }

  private Compression compression() {
    try {
      Compression read =
          new Compression(
              Compression.Kind.ofWire(in.getInt()), in.getInt(), in.getDouble(), in.getDouble());
      if (!read.isNone()) {
        return read;
      }
    } catch (IllegalArgumentException e) {
      throw new PsException(PsErrorCode.BAD_REQUEST, String.valueOf(e.getMessage()), e);
    }
    throw new PsException(PsErrorCode.BAD_REQUEST, "CREATE_CODED needs a codec, found none");
  }

  private byte[] updateSpec() {
    byte[] spec = new byte[count("update specification", 1, MessageCodec.MAX_UPDATE_SPEC_BYTES)];
    in.get(spec);
    return spec;
  }

  private Message createTable(Target target) {
    int table = in.getInt();
    int from = in.getInt();
    int to = in.getInt();
    TableSpec spec =
        new TableSpec(
            in.getInt(),
            in.getInt(),
            in.getInt(),
            in.getLong(),
            in.getLong(),
            in.getLong(),
            in.getInt(),
            in.getFloat(),
            in.getLong(),
            updateSpec());
    return new RowMessage.CreateTable(target, table, from, to, spec);
  }

  private static Consistency consistency(int staleness) {
    if (staleness < -1) {
      throw new PsException(
          PsErrorCode.BAD_REQUEST, "staleness must be -1 or more, found " + staleness);
    }
    return new Consistency(staleness);
  }

  private Message status() {
    Message.State state = Message.State.ofWire(in.getInt());
    long incarnation = in.getLong();
    long version = in.getLong();
    long newest = in.getLong();
    int slices = in.getInt();
    int badSlice = in.getInt();
    boolean twoPhase = bool("twoPhase");
    double clipNorm = in.getDouble();
    long[] missing = longs("missing slices");
    long[] counters = longs("counters");
    int n = count("clients", MIN_CLIENT_BYTES, Integer.MAX_VALUE);
    List<Message.ClientInfo> clients = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      clients.add(
          new Message.ClientInfo(
              in.getLong(),
              string("client name", MessageCodec.MAX_NAME_LENGTH),
              in.getInt(),
              in.getInt(),
              in.getLong(),
              in.getLong()));
    }
    return new Message.StatusReply(
        state,
        incarnation,
        version,
        newest,
        slices,
        missing,
        badSlice,
        twoPhase,
        clipNorm,
        clients,
        counters);
  }

  private Message ledger() {
    long version = in.getLong();
    int length = in.getInt();
    int n = count("ledger entries", LEDGER_ENTRY_BYTES, Integer.MAX_VALUE);
    List<Message.LedgerEntry> entries = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      long step = in.getLong();
      double weight = in.getDouble();
      double loss = in.getDouble();
      double metric = in.getDouble();
      double rows = in.getDouble();
      int bits = in.getInt();
      int crc = in.getInt();
      Message.CodedStep coded =
          (bits & 4) == 0
              ? null
              : new Message.CodedStep(in.getLong(), in.getLong(), in.getDouble(), in.getDouble());
      entries.add(
          new Message.LedgerEntry(
              step, weight, loss, metric, rows, (bits & 1) != 0, (bits & 2) != 0, crc, coded));
    }
    return new Message.LedgerReply(version, length, entries);
  }

  private Target target() {
    Target last = lastTarget;
    if (last != null && startsWith(last)) {
      return last;
    }
    Target target = new Target(string("run id", Target.MAX_RUN_LENGTH), in.getInt(), in.getLong());
    lastTarget = target;
    return target;
  }

  /** Whether the same target comes again; then it is skipped. */
  private boolean startsWith(Target target) {
    String run = target.run();
    int at = in.position();
    int end = at + Short.BYTES + run.length() + Integer.BYTES + Long.BYTES;
    if (end > in.limit() || in.getShort(at) != run.length()) {
      return false;
    }
    at += Short.BYTES;
    for (int i = 0; i < run.length(); i++, at++) {
      if (in.get(at) != run.charAt(i)) {
        return false;
      }
    }
    if (in.getInt(at) != target.shard() || in.getLong(at + Integer.BYTES) != target.incarnation()) {
      return false;
    }
    in.position(end);
    return true;
  }

  private boolean bool(String what) {
    int value = in.getInt();
    if ((value & ~1) != 0) {
      throw new PsException(PsErrorCode.BAD_REQUEST, what + " must be 0 or 1, found " + value);
    }
    return value == 1;
  }

  private String string(String what, int maxLength) {
    int bytes = in.getShort() & 0xffff;
    if (bytes > in.remaining() || bytes > 4 * maxLength) {
      throw new PsException(
          PsErrorCode.BAD_REQUEST,
          what
              + " claims "
              + bytes
              + " bytes, "
              + in.remaining()
              + " are there, limit "
              + 4 * maxLength);
    }
    ByteBuffer view = in.slice(in.position(), bytes);
    in.position(in.position() + bytes);
    try {
      String s = StandardCharsets.UTF_8.newDecoder().decode(view).toString();
      if (s.length() > maxLength) {
        throw new PsException(
            PsErrorCode.BAD_REQUEST,
            what + " has " + s.length() + " characters, limit " + maxLength);
      }
      return s;
    } catch (CharacterCodingException e) {
      throw new PsException(PsErrorCode.BAD_REQUEST, what + " is not UTF-8", e);
    }
  }

  /** Reads a count and checks it against the bytes that are there, before anything is allocated. */
  private int count(String what, int elementBytes, int limit) {
    int n = in.getInt();
    if (n < 0 || n > limit || Math.multiplyFull(n, elementBytes) > in.remaining()) {
      throw new PsException(
          PsErrorCode.BAD_REQUEST,
          what
              + " claims "
              + n
              + " elements of "
              + elementBytes
              + " bytes, "
              + in.remaining()
              + " bytes are there"
              + (limit == Integer.MAX_VALUE ? "" : ", limit " + limit));
    }
    return n;
  }

  private Floats floats() {
    int n = count("values", Float.BYTES, Integer.MAX_VALUE);
    return new Floats(floats(n), 0, n);
  }

  private float[] floats(int n) {
    float[] array = scratch.take(n);
    in.asFloatBuffer().get(array, 0, n);
    in.position(in.position() + Float.BYTES * n);
    return array;
  }

  private Bytes bytes() {
    int n = count("code", 1, Integer.MAX_VALUE);
    byte[] array = scratch.takeBytes(n);
    in.get(array, 0, n);
    return new Bytes(array, 0, n);
  }

  private Message operate(Target target) {
    long id = in.getLong();
    Operation operation = Operation.ofWire(in.getInt());
    long step = in.getLong();
    int slot = in.getInt();
    int from = in.getInt();
    int to = in.getInt();
    double[] reals = doubles("reals", Operation.MAX_REALS);
    long[] wholes = longs("wholes", Operation.MAX_WHOLES);
    operation.check(reals.length, wholes.length);
    return new Message.Operate(target, id, operation, step, slot, from, to, reals, wholes);
  }

  private double[] doubles(String what, int limit) {
    double[] array = new double[count(what, Double.BYTES, limit)];
    for (int i = 0; i < array.length; i++) {
      array[i] = in.getDouble();
    }
    return array;
  }

  /** Keys in fewer bytes than a long: the only thing that takes more memory than its bytes. */
  private long[] keys() {
    int n = count("keys", 1, Integer.MAX_VALUE);
    int each = in.get();
    if (each < 1 || each > Long.BYTES || (long) each * n > in.remaining()) {
      throw new PsException(
          PsErrorCode.BAD_REQUEST,
          n + " keys of " + each + " bytes each, " + in.remaining() + " bytes are left");
    }
    long[] keys = new long[n];
    for (int k = 0; k < n; k++) {
      for (int i = 0; i < each; i++) {
        keys[k] |= (in.get() & 0xFFL) << (8 * i);
      }
    }
    return keys;
  }

  private long[] longs(String what) {
    return longs(what, Integer.MAX_VALUE);
  }

  private long[] longs(String what, int limit) {
    long[] array = new long[count(what, Long.BYTES, limit)];
    for (int i = 0; i < array.length; i++) {
      array[i] = in.getLong();
    }
    return array;
  }
}
