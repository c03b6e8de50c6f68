package dev.bellows.ps.protocol;

import java.nio.ByteBuffer;

/** Writes the bodies of messages about sparse tables as drawn in {@link MessageCodec}. */
final class RowBodies {
  private static final int INT = Integer.BYTES;
  private static final int LONG = Long.BYTES;

  private RowBodies() {}

  /** Length without the target. */
  static int bytes(Message message) {
    return switch (message.opcode()) {
      case CREATE_TABLE ->
          8 * INT
              + 4 * LONG
              + Float.BYTES
              + ((RowMessage.CreateTable) message).spec().updateSpec().length;
      case TABLE -> 2 * INT + LONG;
      case PUT_ROWS -> {
        RowMessage.PutRows m = (RowMessage.PutRows) message;
        yield INT + longsBytes(m.keys()) + rowsBytes(m.updates(), m.rows());
      }
      case PULL_ROWS -> INT + LONG + keysBytes(((RowMessage.PullRows) message).keys());
      case PUSH_ROWS -> {
        RowMessage.PushRows m = (RowMessage.PushRows) message;
        yield 6 * INT
            + LONG
            + Double.BYTES
            + Math.addExact(keysBytes(m.keys()), BodyWriter.floatsBytes(m.values()));
      }
      case GET_ROWS -> 4 * INT + LONG;
      case ROW_PAGE -> {
        Message.RowPage m = (Message.RowPage) message;
        yield LONG + 3 * INT + longsBytes(m.keys()) + rowsBytes(m.updates(), m.rows());
      }
      default -> throw new IllegalArgumentException(message.opcode() + " is not about rows");
    };
  }

  static void write(Message message, ByteBuffer out) {
    if (message instanceof Message.OfTable m) {
      out.putInt(m.table());
    }
    switch (message.opcode()) {
      case CREATE_TABLE -> create((RowMessage.CreateTable) message, out);
      case TABLE -> {
        RowMessage.Control m = (RowMessage.Control) message;
        out.putInt(m.action().wire()).putLong(m.step());
      }
      case PUT_ROWS -> {
        RowMessage.PutRows m = (RowMessage.PutRows) message;
        longs(m.keys(), out);
        longs(m.updates(), out);
        BodyWriter.floats(m.rows(), out);
      }
      case PULL_ROWS -> {
        RowMessage.PullRows m = (RowMessage.PullRows) message;
        out.putLong(m.version());
        keys(m.keys(), out);
      }
      case PUSH_ROWS -> {
        RowMessage.PushRows m = (RowMessage.PushRows) message;
        out.putLong(m.step()).putInt(m.level()).putInt(m.index()).putInt(m.from()).putInt(m.to());
        out.putInt(m.badSlice()).putDouble(m.weight());
        keys(m.keys(), out);
        BodyWriter.floats(m.values(), out);
      }
      case GET_ROWS -> {
        RowMessage.GetRows m = (RowMessage.GetRows) message;
        out.putLong(m.step()).putInt(m.bucket()).putInt(m.from()).putInt(m.limit());
      }
      case ROW_PAGE -> {
        Message.RowPage m = (Message.RowPage) message;
        out.putLong(m.version()).putInt(m.bucket()).putInt(m.from()).putInt(m.total());
        longs(m.keys(), out);
        longs(m.updates(), out);
        BodyWriter.floats(m.rows(), out);
      }
      default -> throw new IllegalArgumentException(message.opcode() + " is not about rows");
    }
  }

  private static void create(RowMessage.CreateTable m, ByteBuffer out) {
    TableSpec spec = m.spec();
    out.putInt(m.from()).putInt(m.to());
    out.putInt(spec.width()).putInt(spec.buckets()).putInt(spec.slices());
    out.putLong(spec.stepsPerEpoch()).putLong(spec.totalSteps()).putLong(spec.maxRows());
    out.putInt(spec.start()).putFloat(spec.scale()).putLong(spec.seed());
    out.putInt(spec.updateSpec().length).put(spec.updateSpec());
  }

  private static int rowsBytes(long[] keys, Floats rows) {
    return Math.addExact(longsBytes(keys), BodyWriter.floatsBytes(rows));
  }

  private static int keysBytes(long[] keys) {
    int each = RowMessage.keyBytes(keys);
    return Math.addExact(INT + 1, Math.multiplyExact(each, keys.length));
  }

  /** Number of keys, bytes of a key, the low bytes of each. */
  private static void keys(long[] keys, ByteBuffer out) {
    int each = RowMessage.keyBytes(keys);
    out.putInt(keys.length).put((byte) each);
    for (long key : keys) {
      for (int i = 0; i < each; i++) {
        out.put((byte) (key >>> (8 * i)));
      }
    }
  }

  private static int longsBytes(long[] longs) {
    return Math.addExact(INT, Math.multiplyExact(LONG, longs.length));
  }

  private static void longs(long[] longs, ByteBuffer out) {
    out.putInt(longs.length);
    out.asLongBuffer().put(longs);
    out.position(out.position() + LONG * longs.length);
  }
}
