package dev.bellows.engine.optim;

import dev.bellows.engine.optim.UpdateSpec.Kind;
import dev.bellows.engine.optim.UpdateSpec.Range;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The bytes of an {@link UpdateSpec}, little-endian, strict in both directions.
 *
 * <pre>
 *  0  magic 'BLUS'      4    version 1      5  rule id    6  schedule id   7  NaN policy (0 stop, 1 skip)
 *  8  learningRate f64 | momentum | beta1 | beta2 | rho | epsilon | weightDecay          7 x 8
 * 64  warmupSteps i64 | decay f64 | factor f64 | every i64 | cycles i32 | minRate f64 | perEpoch u8
 * 109 l1 f64 | l2 | clipValue | clipNorm                                                4 x 8
 * 141 number of ranges i32, then per range: from i32 | to i32 | kind u8 | decay u8 | rateScale f32 | stateMomentum f32
 * </pre>
 *
 * <p>Version 2 has emaDecay f64 at 141 and everything after it 8 bytes later; it is written only
 * when there is an average.
 */
final class UpdateSpecCodec {
  private static final int MAGIC = 0x53554C42; // "BLUS" in file order
  private static final byte VERSION = 1;
  private static final byte WITH_EMA = 2;
  private static final int HEADER_BYTES = 145;
  private static final int RANGE_BYTES = 18;

  private UpdateSpecCodec() {}

  static byte[] encode(UpdateSpec spec) {
    ByteBuffer out =
        ByteBuffer.allocate(
                HEADER_BYTES
                    + (spec.emaDecay() > 0 ? Double.BYTES : 0)
                    + spec.ranges().size() * RANGE_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    OptimizerSpec o = spec.optimizer();
    ScheduleSpec s = spec.schedule();
    out.putInt(MAGIC).put(spec.emaDecay() > 0 ? WITH_EMA : VERSION);
    out.put((byte) o.kind().id()).put((byte) s.kind().id());
    out.put((byte) (spec.nanPolicy() == NanPolicy.SKIP ? 1 : 0));
    out.putDouble(o.learningRate()).putDouble(o.momentum());
    out.putDouble(o.beta1()).putDouble(o.beta2()).putDouble(o.rho());
    out.putDouble(o.epsilon()).putDouble(o.weightDecay());
    out.putLong(s.warmupSteps()).putDouble(s.decay()).putDouble(s.factor()).putLong(s.every());
    out.putInt(s.cycles()).putDouble(s.minRate()).put((byte) (s.perEpoch() ? 1 : 0));
    out.putDouble(spec.l1()).putDouble(spec.l2());
    out.putDouble(spec.clipValue()).putDouble(spec.clipNorm());
    if (spec.emaDecay() > 0) {
      out.putDouble(spec.emaDecay());
    }
    out.putInt(spec.ranges().size());
    for (Range range : spec.ranges()) {
      out.putInt(range.from()).putInt(range.to());
      out.put((byte) (range.kind() == Kind.STATE ? 1 : 0)).put((byte) (range.decay() ? 1 : 0));
      out.putFloat(range.rateScale()).putFloat(range.stateMomentum());
    }
    return out.array();
  }

  static UpdateSpec decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    try {
      if (in.getInt() != MAGIC) {
        throw new IllegalArgumentException("update spec: expected magic BLUS at offset 0");
      }
      byte version = in.get();
      if (version != VERSION && version != WITH_EMA) {
        throw new IllegalArgumentException(
            "update spec: expected version " + VERSION + " or " + WITH_EMA + ", found " + version);
      }
      OptimizerSpec.Kind rule = OptimizerSpec.Kind.ofId(in.get());
      ScheduleSpec.Kind schedule = ScheduleSpec.Kind.ofId(in.get());
      NanPolicy policy = flag(in) ? NanPolicy.SKIP : NanPolicy.STOP;
      OptimizerSpec optimizer =
          new OptimizerSpec(
              rule,
              in.getDouble(),
              in.getDouble(),
              in.getDouble(),
              in.getDouble(),
              in.getDouble(),
              in.getDouble(),
              in.getDouble());
      ScheduleSpec scheduleSpec =
          new ScheduleSpec(
              schedule,
              in.getLong(),
              in.getDouble(),
              in.getDouble(),
              in.getLong(),
              in.getInt(),
              in.getDouble(),
              flag(in));
      double l1 = in.getDouble();
      double l2 = in.getDouble();
      double clipValue = in.getDouble();
      double clipNorm = in.getDouble();
      double ema = version == WITH_EMA ? in.getDouble() : 0;
      List<Range> ranges = ranges(in);
      return new UpdateSpec(
          optimizer, scheduleSpec, l1, l2, clipValue, clipNorm, policy, ranges, ema);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException(
          "update spec: it ends at byte " + bytes.length + " in the middle of a field", e);
    }
  }

  private static List<Range> ranges(ByteBuffer in) {
    int count = in.getInt();
    if (count < 0 || count > UpdateSpec.MAX_RANGES || in.remaining() != count * RANGE_BYTES) {
      throw new IllegalArgumentException(
          "update spec: %d ranges need %d bytes, found %d at offset %d"
              .formatted(count, (long) count * RANGE_BYTES, in.remaining(), in.position()));
    }
    List<Range> ranges = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int from = in.getInt();
      int to = in.getInt();
      Kind kind = flag(in) ? Kind.STATE : Kind.TRAINABLE;
      ranges.add(new Range(from, to, kind, flag(in), in.getFloat(), in.getFloat()));
    }
    return ranges;
  }

  private static boolean flag(ByteBuffer in) {
    byte value = in.get();
    if (value != 0 && value != 1) {
      throw new IllegalArgumentException(
          "update spec: expected 0 or 1 at offset " + (in.position() - 1) + ", found " + value);
    }
    return value == 1;
  }
}
