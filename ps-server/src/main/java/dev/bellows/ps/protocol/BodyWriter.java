package dev.bellows.ps.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes bodies as drawn in {@link MessageCodec}. */
final class BodyWriter {
  private static final int INT = Integer.BYTES;
  private static final int LONG = Long.BYTES;
  private static final int DOUBLE = Double.BYTES;
  private static final int PUSH_HEAD_BYTES = 2 * LONG + 5 * INT + 4 * DOUBLE;
  private static final int LEDGER_ENTRY_BYTES = LONG + 4 * DOUBLE + 2 * INT;
  private static final int CODED_STEP_BYTES = 2 * LONG + 2 * DOUBLE;

  private BodyWriter() {}

  static int bodyBytes(Message message) {
    int own = ownBytes(message);
    return message instanceof Message.Request r ? Math.addExact(targetBytes(r.target()), own) : own;
  }

  private static int ownBytes(Message message) {
    return switch (message.opcode()) {
      case PING, STATUS, DROP, DETACH, ADVANCE -> 0;
      case CREATE -> createBytes((Message.Create) message);
      case CREATE_CODED -> createBytes((Message.Create) message) + 2 * INT + 2 * DOUBLE;
      case PUT -> 2 * INT + floatsBytes(((Message.Put) message).values());
      case SEAL, NORM, SNAPSHOT, RELEASE, DONE -> LONG;
      case JOIN -> LONG + 2 * INT + stringBytes(((Message.Join) message).name());
      case PUSH -> PUSH_HEAD_BYTES + floatsBytes(((Message.Push) message).values());
      case CODED_PUSH ->
          PUSH_HEAD_BYTES + 2 * DOUBLE + codeBytes(((Message.CodedPush) message).coded());
      case PULL -> 2 * LONG + INT;
      case COMMIT -> LONG + INT + Float.BYTES + INT;
      case LEDGER -> LONG + INT;
      case GET -> LONG + 2 * INT;
      case OPERATE -> {
        Message.Operate m = (Message.Operate) message;
        yield 2 * LONG + 4 * INT + numbersBytes(m.reals(), m.wholes());
      }
      case OPERATE_REPLY -> {
        Message.OperateReply m = (Message.OperateReply) message;
        yield LONG + numbersBytes(m.reals(), m.wholes());
      }
      case ATTACH -> LONG + INT + stringBytes(((Message.Attach) message).replica().host());
      case FAILURE -> LONG + 2 * INT + stringBytes(((Message.Failure) message).detail());
      case VALUES -> LONG + 2 * INT + floatsBytes(((Message.Values) message).values());
      case CODED_VALUES -> LONG + 2 * INT + codeBytes(((Message.CodedValues) message).coded());
      case NORM_REPLY ->
          LONG
              + 3 * INT
              + DOUBLE
              + Math.multiplyExact(DOUBLE, ((Message.NormReply) message).squares().length);
      case STATUS_REPLY -> statusBytes((Message.StatusReply) message);
      case CREATE_TABLE, TABLE, PUT_ROWS, PULL_ROWS, PUSH_ROWS, GET_ROWS, ROW_PAGE ->
          RowBodies.bytes(message);
      case LEDGER_REPLY -> ledgerBytes((Message.LedgerReply) message);
    };
  }

  private static int createBytes(Message.Create m) {
    return 7 * INT + 2 * LONG + m.updateSpec().length;
  }

  private static int ledgerBytes(Message.LedgerReply m) {
    int bytes = LONG + 2 * INT + Math.multiplyExact(LEDGER_ENTRY_BYTES, m.entries().size());
    for (Message.LedgerEntry e : m.entries()) {
      bytes += e.coded() == null ? 0 : CODED_STEP_BYTES;
    }
    return bytes;
  }

  private static int statusBytes(Message.StatusReply m) {
    int bytes = 3 * LONG + 7 * INT + DOUBLE + LONG * (m.missing().length + m.counters().length);
    for (Message.ClientInfo c : m.clients()) {
      bytes += 3 * LONG + 2 * INT + stringBytes(c.name());
    }
    return bytes;
  }

  static void write(Message message, ByteBuffer out) {
    if (message instanceof Message.Request r) {
      Target target = r.target();
      string(target.run(), out);
      out.putInt(target.shard()).putLong(target.incarnation());
    }
    switch (message.opcode()) {
      case PING, STATUS, DROP, DETACH, ADVANCE -> {}
      case CREATE -> create((Message.Create) message, out);
      case CREATE_CODED -> {
        Message.Create m = (Message.Create) message;
        create(m, out);
        out.putInt(m.compression().kind().wire()).putInt(m.compression().units());
        out.putDouble(m.compression().share()).putDouble(m.compression().downShare());
      }
      case PUT -> {
        Message.Put m = (Message.Put) message;
        out.putInt(m.slot()).putInt(m.from());
        floats(m.values(), out);
      }
      case SEAL -> out.putLong(((Message.Seal) message).step());
      case JOIN -> {
        Message.Join m = (Message.Join) message;
        out.putLong(m.client());
        string(m.name(), out);
        out.putInt(m.sliceFrom()).putInt(m.sliceTo());
      }
      case PUSH -> {
        Message.Push m = (Message.Push) message;
        push(m, out);
        floats(m.values(), out);
      }
      case CODED_PUSH -> {
        Message.CodedPush m = (Message.CodedPush) message;
        push(m.head(), out);
        out.putDouble(m.wanted()).putDouble(m.left());
        code(m.coded(), out);
      }
      case PULL -> {
        Message.Pull m = (Message.Pull) message;
        out.putLong(m.client()).putLong(m.version()).putInt(m.chunk());
      }
      case NORM -> out.putLong(((Message.Norm) message).step());
      case COMMIT -> {
        Message.Commit m = (Message.Commit) message;
        out.putLong(m.step()).putInt(m.apply() ? 1 : 0).putFloat(m.scale()).putInt(m.badSlice());
      }
      case LEDGER -> {
        Message.Ledger m = (Message.Ledger) message;
        out.putLong(m.fromStep()).putInt(m.limit());
      }
      case SNAPSHOT -> out.putLong(((Message.Snapshot) message).step());
      case GET -> {
        Message.Get m = (Message.Get) message;
        out.putLong(m.step()).putInt(m.slot()).putInt(m.chunk());
      }
      case RELEASE -> out.putLong(((Message.Release) message).step());
      case ATTACH -> {
        Message.Attach m = (Message.Attach) message;
        string(m.replica().host(), out);
        out.putInt(m.replica().port()).putLong(m.from());
      }
      case DONE -> out.putLong(((Message.Done) message).step());
      case OPERATE -> {
        Message.Operate m = (Message.Operate) message;
        out.putLong(m.id()).putInt(m.operation().wire()).putLong(m.step());
        out.putInt(m.slot()).putInt(m.from()).putInt(m.to());
        numbers(m.reals(), m.wholes(), out);
      }
      case OPERATE_REPLY -> {
        Message.OperateReply m = (Message.OperateReply) message;
        out.putLong(m.step());
        numbers(m.reals(), m.wholes(), out);
      }
      case FAILURE -> {
        Message.Failure m = (Message.Failure) message;
        out.putInt(m.code().wire()).putLong(m.step()).putInt(m.slice());
        string(m.detail(), out);
      }
      case VALUES -> {
        Message.Values m = (Message.Values) message;
        out.putLong(m.version()).putInt(m.slot()).putInt(m.from());
        floats(m.values(), out);
      }
      case CODED_VALUES -> {
        Message.CodedValues m = (Message.CodedValues) message;
        out.putLong(m.version()).putInt(m.from()).putInt(m.length());
        code(m.coded(), out);
      }
      case NORM_REPLY -> {
        Message.NormReply m = (Message.NormReply) message;
        out.putLong(m.step())
            .putInt(m.finite() ? 1 : 0)
            .putInt(m.badSlice())
            .putDouble(m.weight())
            .putInt(m.squares().length);
        for (double square : m.squares()) {
          out.putDouble(square);
        }
      }
      case CREATE_TABLE, TABLE, PUT_ROWS, PULL_ROWS, PUSH_ROWS, GET_ROWS, ROW_PAGE ->
          RowBodies.write(message, out);
      case STATUS_REPLY -> status((Message.StatusReply) message, out);
      case LEDGER_REPLY -> ledger((Message.LedgerReply) message, out);
    }
  }

  private static void push(Message.Push m, ByteBuffer out) {
    out.putLong(m.client()).putLong(m.step()).putInt(m.level()).putInt(m.index()).putInt(m.chunk());
    out.putInt(m.pull() ? 1 : 0).putInt(m.badSlice());
    out.putDouble(m.weight()).putDouble(m.loss()).putDouble(m.metric()).putDouble(m.rows());
  }

  private static void create(Message.Create m, ByteBuffer out) {
    out.putInt(m.from())
        .putInt(m.to())
        .putInt(m.slices())
        .putLong(m.stepsPerEpoch())
        .putLong(m.totalSteps());
    out.putInt(m.ledgerCapacity())
        .putInt(m.crcEvery())
        .putInt(m.consistency().staleness())
        .putInt(m.updateSpec().length)
        .put(m.updateSpec());
  }

  private static void status(Message.StatusReply m, ByteBuffer out) {
    out.putInt(m.state().wire())
        .putLong(m.incarnation())
        .putLong(m.version())
        .putLong(m.newestVersion());
    out.putInt(m.slices())
        .putInt(m.badSlice())
        .putInt(m.twoPhase() ? 1 : 0)
        .putDouble(m.clipNorm());
    out.putInt(m.missing().length);
    for (long word : m.missing()) {
      out.putLong(word);
    }
    out.putInt(m.counters().length);
    for (long counter : m.counters()) {
      out.putLong(counter);
    }
    out.putInt(m.clients().size());
    for (Message.ClientInfo c : m.clients()) {
      out.putLong(c.client());
      string(c.name(), out);
      out.putInt(c.sliceFrom()).putInt(c.sliceTo()).putLong(c.lastStep()).putLong(c.silentMs());
    }
  }

  private static void ledger(Message.LedgerReply m, ByteBuffer out) {
    out.putLong(m.version()).putInt(m.length()).putInt(m.entries().size());
    for (Message.LedgerEntry e : m.entries()) {
      out.putLong(e.step())
          .putDouble(e.weight())
          .putDouble(e.loss())
          .putDouble(e.metric())
          .putDouble(e.rows());
      Message.CodedStep coded = e.coded();
      out.putInt((e.applied() ? 1 : 0) | (e.hasCrc() ? 2 : 0) | (coded == null ? 0 : 4))
          .putInt(e.crc());
      if (coded != null) {
        out.putLong(coded.bytesUp())
            .putLong(coded.bytesDown())
            .putDouble(coded.wanted())
            .putDouble(coded.left());
      }
    }
  }

  private static int numbersBytes(double[] reals, long[] wholes) {
    return Math.addExact(
        2 * INT,
        Math.addExact(
            Math.multiplyExact(DOUBLE, reals.length), Math.multiplyExact(LONG, wholes.length)));
  }

  private static void numbers(double[] reals, long[] wholes, ByteBuffer out) {
    out.putInt(reals.length);
    for (double real : reals) {
      out.putDouble(real);
    }
    out.putInt(wholes.length);
    for (long whole : wholes) {
      out.putLong(whole);
    }
  }

  private static int targetBytes(Target target) {
    return stringBytes(target.run()) + INT + LONG;
  }

  private static int stringBytes(String s) {
    int bytes = 2;
    for (int i = 0; i < s.length(); i++) {
      if (s.charAt(i) >= 0x80) {
        return 2 + s.getBytes(StandardCharsets.UTF_8).length;
      }
      bytes++;
    }
    return bytes;
  }

  static int floatsBytes(Floats floats) {
    return Math.addExact(INT, Math.multiplyExact(Float.BYTES, floats.length()));
  }

  private static void string(String s, ByteBuffer out) {
    int length = stringBytes(s) - Short.BYTES;
    if (length == s.length()) { // ASCII, as every run id is
      out.putShort((short) length);
      for (int i = 0; i < length; i++) {
        out.put((byte) s.charAt(i));
      }
      return;
    }
    byte[] bytes = s.getBytes(StandardCharsets.UTF_8);
    out.putShort((short) bytes.length).put(bytes);
  }

  private static int codeBytes(Bytes code) {
    return Math.addExact(INT, code.length());
  }

  private static void code(Bytes code, ByteBuffer out) {
    out.putInt(code.length()).put(code.array(), code.offset(), code.length());
  }

  static void floats(Floats floats, ByteBuffer out) {
    out.putInt(floats.length());
    out.asFloatBuffer().put(floats.array(), floats.offset(), floats.length());
    out.position(out.position() + Float.BYTES * floats.length());
  }
}
