package dev.bellows.ps.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import dev.bellows.ps.codec.Compression.Kind;
import dev.bellows.ps.sim.Seeds;
import dev.bellows.ps.sim.SimRandom;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CodecTest {
  private static final List<Kind> KINDS =
      List.of(Kind.FP32, Kind.BF16, Kind.INT8, Kind.TOPK, Kind.THRESHOLD);

  /** The bytes on the wire, by hand; changes only with a new codec number. */
  @Test
  void goldenBytes() {
    golden(Kind.FP32, 1, "0000803f000020c0", new float[] {1, -2.5f}, new float[] {0, 0});
    golden(
        Kind.BF16,
        1,
        "803f" + "20c0" + "803f" + "823f",
        new float[] {1, -2.5f, 1 + 0x1p-8f, 1 + 3 * 0x1p-8f}, // the last two are ties: to even
        new float[] {0, 0, 0x1p-8f, -0x1p-8f});
    golden(
        Kind.INT8,
        1,
        "0000803f" + "7f" + "c0" + "00",
        new float[] {127, -63.5f, 0.5f},
        new float[] {0, 0.5f, 0.5f});
    golden(
        Kind.TOPK,
        0.5,
        "02" + "01" + "40c0" + "01" + "0040",
        new float[] {1, -3, 0, 2},
        new float[] {1, 0, 0, 0});
    golden(
        Kind.THRESHOLD,
        0.5,
        "02" + "2040" + "03" + "02",
        new float[] {1, -3, 0, 2},
        new float[] {1, -0.5f, 0, -0.5f});
  }

  private static void golden(
      Kind kind, double share, String hex, float[] values, float[] remainder) {
    Codec codec = Codec.of(kind, share);
    byte[] out = new byte[codec.maxBytes(values.length)];
    float[] work = values.clone();
    int bytes = codec.encode(work, 0, work.length, out, 0);
    assertThat(HexFormat.of().formatHex(out, 0, bytes)).as(kind.name()).isEqualTo(hex);
    assertThat(work).as(kind.name()).containsExactly(remainder);
    float[] back = new float[values.length];
    codec.add(out, 0, bytes, back, 0, back.length);
    for (int i = 0; i < back.length; i++) {
      assertThat(back[i] + remainder[i]).isEqualTo(values[i]);
    }
  }

  private static float[] values(SimRandom random, int length) {
    float[] values = new float[length];
    int shape = random.below(4);
    for (int i = 0; i < length; i++) {
      double unit = 2 * random.unit() - 1;
      values[i] =
          switch (shape) {
            case 0 -> (float) unit;
            case 1 -> (float) (unit * Math.pow(2, random.between(-140, 120)));
            case 2 -> random.chance(0.9) ? 0f : (float) unit;
            default -> random.pick(List.of(0f, -0f, 1f, -1f, Float.MAX_VALUE, Float.MIN_VALUE));
          };
    }
    return values;
  }

  @ParameterizedTest
  @EnumSource(value = Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void whatIsSentAndWhatRemainsIsTheValue(Kind kind) {
    Seeds.forEach(
        "CodecTest#whatIsSentAndWhatRemainsIsTheValue",
        60,
        seed -> {
          SimRandom random = new SimRandom(seed);
          int length = random.between(1, 3000);
          Codec codec = Codec.of(kind, random.pick(List.of(0.001, 0.01, 0.2, 1.0)));
          float[] values = values(random, length);
          float[] remainder = values.clone();
          byte[] out = new byte[codec.maxBytes(length)];
          int bytes = codec.encode(remainder, 0, length, out, 0);
          float[] sent = new float[length];
          codec.add(out, 0, bytes, sent, 0, length);
          for (int i = 0; i < length; i++) {
            assertThat(remainder[i]).isFinite();
            assertThat((double) sent[i] + remainder[i])
                .isCloseTo(values[i], within(1e-6 * Math.abs(values[i]) + Float.MIN_VALUE));
          }
        });
  }

  /** Shard bounds are multiples of a block: a vector in parts has the same code. */
  @Test
  void codesDoNotDependOnTheCut() {
    Seeds.forEach(
        "CodecTest#codesDoNotDependOnTheCut",
        40,
        seed -> {
          SimRandom random = new SimRandom(seed);
          int length = random.between(1, 9000);
          int cut = Math.min(length, Codec.BLOCK * random.below(9));
          Kind kind = random.pick(KINDS);
          float[] values = values(random, length);
          byte[] whole = encoded(Codec.of(kind, 0.01), values, 0, length);
          byte[] first = encoded(Codec.of(kind, 0.01), values, 0, cut);
          byte[] second = encoded(Codec.of(kind, 0.01), values, cut, length - cut);
          byte[] both = Arrays.copyOf(first, first.length + second.length);
          System.arraycopy(second, 0, both, first.length, second.length);
          assertThat(both).isEqualTo(whole);
        });
  }

  private static byte[] encoded(Codec codec, float[] values, int from, int length) {
    byte[] out = new byte[codec.maxBytes(length)];
    int bytes = codec.encode(values.clone(), from, length, out, 0);
    return Arrays.copyOf(out, bytes);
  }

  @Test
  void topKTakesTheLargestAndOfEqualOnesTheFirst() {
    float[] values = new float[1000];
    Arrays.fill(values, 0.5f);
    values[700] = -4;
    values[10] = 3;
    new TopKCodec(0.004).encode(values, 0, 1000, new byte[100], 0);
    assertThat(values[700]).isZero();
    assertThat(values[10]).isZero();
    assertThat(values[0]).isZero();
    assertThat(values[1]).isZero();
    assertThat(values[2]).isEqualTo(0.5f);
  }

  @Test
  void zerosCostNothing() {
    for (Kind kind : List.of(Kind.TOPK, Kind.THRESHOLD)) {
      assertThat(encoded(Codec.of(kind, 0.01), new float[3000], 0, 3000)).hasSize(3);
    }
  }

  @Test
  void bytesAreWhatThePlanSays() {
    SimRandom random = new SimRandom(5);
    int length = 64 * Codec.BLOCK;
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) (random.unit() + random.unit() + random.unit() - 1.5);
    }
    for (Kind kind : KINDS) {
      Compression compression =
          kind.sparse() ? new Compression(kind, 2, 0.01, 0.03) : Compression.of(kind, 2);
      double ratio = encoded(compression.up(), values, 0, length).length / 4.0 / length;
      double tolerance = kind == Kind.THRESHOLD ? 0.8 : 0.05; // the share is an upper bound there
      assertThat(compression.upBytesPerElement() / 4)
          .as(kind.name())
          .isCloseTo(ratio, within(tolerance * ratio));
      double most =
          switch (kind) {
            case BF16 -> 0.5;
            case INT8 -> 0.254;
            case TOPK, THRESHOLD -> 0.01;
            default -> 1;
          };
      assertThat(ratio).as(kind.name()).isLessThanOrEqualTo(most);
    }
  }

  /** What was left out comes later: after many steps the sums differ by one residual. */
  @ParameterizedTest
  @EnumSource(value = Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void feedbackLosesNothing(Kind kind) {
    Codec codec = Codec.of(kind, 0.01);
    SimRandom random = new SimRandom(9);
    int length = 2500;
    float[] residual = new float[length];
    float[] received = new float[length];
    double[] truth = new double[length];
    byte[] out = new byte[codec.maxBytes(length)];
    for (int step = 0; step < 400; step++) {
      for (int i = 0; i < length; i++) {
        float gradient = (float) (random.unit() - 0.3);
        residual[i] += gradient;
        truth[i] += gradient;
      }
      codec.add(out, 0, codec.encode(residual, 0, length, out, 0), received, 0, length);
    }
    double largest = 0;
    for (int i = 0; i < length; i++) {
      assertThat(received[i] + (double) residual[i]).isCloseTo(truth[i], within(2e-3));
      largest = Math.max(largest, Math.abs(residual[i]));
    }
    assertThat(largest).as("no value waits for ever").isLessThan(kind.sparse() ? 120 : 0.1);
  }

  @Test
  void fault_16_damagedCodesAreRefusedOrFinite() {
    Seeds.forEach(
        "CodecTest#fault_16_damagedCodesAreRefusedOrFinite",
        400,
        seed -> {
          SimRandom random = new SimRandom(seed);
          int length = random.between(1, 2200);
          Codec codec = Codec.of(random.pick(KINDS), 0.05);
          byte[] code = encoded(codec, values(random, length), 0, length);
          byte[] bad = Arrays.copyOf(code, Math.max(0, code.length + random.between(-3, 3)));
          for (int n = random.below(4); n > 0 && bad.length > 0; n--) {
            bad[random.below(bad.length)] = (byte) random.nextLong();
          }
          float[] into = new float[length];
          try {
            codec.add(bad, 0, bad.length, into, 0, length);
          } catch (CodecException expected) {
            return;
          }
          for (float value : into) {
            assertThat(value).isFinite();
          }
        });
  }

  /** A code says nothing about its own length, so nothing can make the decoder allocate. */
  @ParameterizedTest
  @EnumSource(value = Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void fault_18_everyTruncationIsRefusedAndNoFlippedBitAllocates(Kind kind) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().getId();
    int length = Codec.BLOCK + 300;
    float[] values = new float[length];
    SimRandom random = new SimRandom(11);
    for (int i = 0; i < length; i++) {
      values[i] = (float) (random.unit() - 0.5);
    }
    Codec codec = Codec.of(kind, 0.02);
    byte[] code = encoded(codec, values, 0, length);
    float[] into = new float[length];
    for (int bytes = 0; bytes < code.length; bytes++) {
      int cut = bytes;
      assertThatThrownBy(() -> codec.add(code, 0, cut, into, 0, length))
          .as("%d of %d bytes", cut, code.length)
          .isInstanceOf(CodecException.class);
    }
    long most = 0;
    int bits = 8 * code.length;
    for (int n = 0; n < 2 * bits; n++) { // the first round loads classes
      int bit = n % bits;
      byte[] flipped = code.clone();
      flipped[bit >>> 3] ^= (byte) (1 << (bit & 7));
      Arrays.fill(into, 0f);
      long before = threads.getThreadAllocatedBytes(self);
      boolean refused = false;
      try {
        codec.add(flipped, 0, flipped.length, into, 0, length);
      } catch (CodecException e) {
        refused = true;
      }
      long allocated = threads.getThreadAllocatedBytes(self) - before;
      most = n < bits ? 0 : Math.max(most, allocated);
      for (int i = 0; i < length && !refused; i++) {
        if (!Float.isFinite(into[i])) {
          throw new AssertionError("bit " + bit + " made element " + i + " " + into[i]);
        }
      }
    }
    // an exception with its stack trace, no array of a length that was read
    assertThat(most).as("bytes of one decoding").isLessThan(40_000);
  }

  @Test
  void squaresOfAllElements() {
    float[] values = new float[5000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 7 - 3;
    }
    double truth = 0;
    for (float value : values) {
      truth += (double) value * value;
    }
    assertThat(Codec.squares(values, 5000)).isEqualTo(truth); // whole numbers: exact
    assertThat(Codec.squares(values, 0)).isZero();
    assertThat(Codec.squares(new float[] {2, 3, 6}, 3)).isEqualTo(49);
  }

  @Test
  void refusalsNameWhatIsWrong() {
    refused(Kind.BF16, "0080ff7f", 2, "not finite");
    refused(Kind.BF16, "803f", 2, "4 more bytes");
    refused(Kind.BF16, "803f803f803f", 2, "4 bytes, found 6");
    refused(Kind.INT8, "000080bf0000", 2, "scale must be in");
    refused(Kind.INT8, "0000803f0080", 2, "level must be in -127..127, found -128");
    refused(Kind.TOPK, "0102803f", 2, "position must be below 2, found 2");
    // positions are gaps: one can't come twice, and more entries than elements run out of range
    refused(Kind.TOPK, "03" + "00803f" + "00803f" + "00803f", 2, "position must be below 2");
    refused(Kind.TOPK, "0100c07f", 2, "not finite");
    refused(Kind.THRESHOLD, "01c07f00", 2, "magnitude must not be negative, found NaN");
    refused(Kind.INT8, "0000c07f0000", 2, "scale must be in");
    refused(Kind.FP32, "000080ff", 1, "not finite");
    refused(Kind.TOPK, "8100", 2, "shortest form");
    refused(Kind.THRESHOLD, "0180bf00", 2, "magnitude must not be negative");
  }

  private static void refused(Kind kind, String hex, int length, String message) {
    byte[] code = HexFormat.of().parseHex(hex);
    assertThatThrownBy(
            () -> Codec.of(kind, 0.5).add(code, 0, code.length, new float[length], 0, length))
        .isInstanceOf(CodecException.class)
        .hasMessageContaining(message);
  }

  @Test
  void nothingIsAllocatedPerCall() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().getId();
    float[] values = values(new SimRandom(4), 70_000);
    float[] work = new float[values.length];
    for (Kind kind : KINDS) {
      Codec codec = Codec.of(kind, 0.01);
      byte[] out = new byte[codec.maxBytes(values.length)];
      long before = 0;
      for (int round = 0; round < 60; round++) {
        if (round == 40) {
          before = threads.getThreadAllocatedBytes(self);
        }
        System.arraycopy(values, 0, work, 0, work.length);
        int bytes = codec.encode(work, 0, work.length, out, 0);
        Arrays.fill(work, 0f);
        codec.add(out, 0, bytes, work, 0, work.length);
      }
      assertThat(threads.getThreadAllocatedBytes(self) - before).as(kind.name()).isLessThan(512);
    }
  }

  @Test
  void unitsAreSubtreesOfWholeSlices() {
    Compression four = Compression.of(Kind.BF16, 4);
    assertThat(four.level(8)).isEqualTo(1);
    assertThat(four.usedUnits(8)).isEqualTo(4);
    assertThat(four.level(5)).isEqualTo(1);
    assertThat(four.usedUnits(5)).isEqualTo(3);
    assertThat(four.level(4)).isZero();
    assertThatThrownBy(() -> four.level(3)).hasMessageContaining("4 units, a step only 3 slices");
    assertThatThrownBy(() -> Compression.of(Kind.BF16, 3)).hasMessageContaining("power of two");
    assertThatThrownBy(() -> new Compression(Kind.TOPK, 2, 0, 1)).hasMessageContaining("share");
    assertThat(Compression.NONE.usedUnits(8)).isZero();
  }
}
