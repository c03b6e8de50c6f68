package dev.bellows.ps.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.ps.sim.SimRandom;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class ChecksTest {
  @Test
  void combinedChecksumIsThatOfTheWhole() {
    SimRandom random = new SimRandom(3);
    Crc32c crc = new Crc32c();
    float[] values = new float[20_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.unit();
    }
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    CRC32C reference = new CRC32C();
    reference.update(bytes);
    int whole = crc.of(values, 0, values.length);
    assertThat(whole).isEqualTo((int) reference.getValue());
    for (int cut : new int[] {0, 1, 2, 1023, 4096, 4097, 19_999, 20_000}) {
      int left = crc.of(values, 0, cut);
      int right = crc.of(values, cut, values.length);
      assertThat(Crc32c.combine(left, right, 4L * (values.length - cut)))
          .as("cut at %d", cut)
          .isEqualTo(whole);
    }
  }

  @Test
  void checksumIsCastagnoli() {
    // check value of CRC-32C in the catalogue of parametrised CRC algorithms: "123456789" ->
    // e3069283
    CRC32C reference = new CRC32C();
    reference.update("123456789".getBytes(StandardCharsets.US_ASCII));
    assertThat((int) reference.getValue()).isEqualTo(0xe3069283);
    float a = Float.intBitsToFloat(0x34333231);
    float b = Float.intBitsToFloat(0x38373635);
    CRC32C last = new CRC32C();
    last.update('9');
    assertThat(Crc32c.combine(new Crc32c().of(new float[] {a, b}, 0, 2), (int) last.getValue(), 1))
        .isEqualTo(0xe3069283);
  }

  @Test
  void finiteFindsEveryNanAndInfinityAndNothingElse() {
    float[] values = new float[70];
    values[3] = Float.MAX_VALUE;
    values[4] = -Float.MAX_VALUE;
    values[5] = Float.MIN_VALUE;
    values[6] = -0f;
    assertThat(Finite.all(values, 0, 70)).isTrue();
    for (float bad :
        new float[] {
          Float.NaN,
          Float.intBitsToFloat(0xffc00001),
          Float.POSITIVE_INFINITY,
          Float.NEGATIVE_INFINITY
        }) {
      for (int i = 0; i < values.length; i++) {
        float[] copy = values.clone();
        copy[i] = bad;
        assertThat(Finite.all(copy, 0, 70)).isFalse();
        assertThat(Finite.all(copy, 0, i)).isTrue();
      }
    }
  }

  @Test
  void clipScaleDoesNotDependOnTheShards() {
    SimRandom random = new SimRandom(9);
    double[] all = new double[37];
    for (int i = 0; i < all.length; i++) {
      all[i] = random.unit() * Math.pow(10, random.between(-5, 5));
    }
    float truth = ClipScale.of(0.5, 3, new double[][] {all});
    assertThat(truth).isBetween(0f, 1f);
    for (int a = 0; a <= 37; a += 5) {
      for (int b = a; b <= 37; b += 7) {
        double[][] cut = {
          java.util.Arrays.copyOfRange(all, 0, a),
          java.util.Arrays.copyOfRange(all, a, b),
          java.util.Arrays.copyOfRange(all, b, 37)
        };
        assertThat(ClipScale.of(0.5, 3, cut)).isEqualTo(truth);
      }
    }
    assertThat(ClipScale.of(0, 3, new double[][] {all})).isEqualTo(1f);
    assertThat(ClipScale.of(1e9, 3, new double[][] {all})).isEqualTo(1f);
    assertThat(ClipScale.of(1, 3, new double[][] {{Double.POSITIVE_INFINITY}})).isNaN();
    assertThat(ClipScale.of(1e-30, 1, new double[][] {{1e38}})).isPositive();
  }
}
