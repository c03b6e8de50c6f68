package dev.bellows.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import dev.bellows.engine.sample.Augmentation.Fill;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ImageChangeTest {
  private static final Augmentation NONE = Augmentation.NONE;

  private static Augmentation flips() {
    return new Augmentation(true, true, false, 0, 0, Fill.REFLECT, 0, 0, 0, 0);
  }

  private static Augmentation turns() {
    return new Augmentation(false, false, true, 0, 0, Fill.REFLECT, 0, 0, 0, 0);
  }

  private static Augmentation rotation(double degrees) {
    return new Augmentation(false, false, false, degrees, 0, Fill.REFLECT, 0, 0, 0, 0);
  }

  private static Augmentation crop(int padding, Fill fill) {
    return new Augmentation(false, false, false, 0, padding, fill, 0, 0, 0, 0);
  }

  private static byte[] noise(int n) {
    byte[] bytes = new byte[n];
    for (int i = 0; i < n; i++) {
      bytes[i] = (byte) Mix64.mix(i + 1L);
    }
    return bytes;
  }

  private static byte[] applied(ImageChange change, byte[] image) {
    byte[] out = new byte[image.length];
    change.apply(image, 0, out, 0);
    return out;
  }

  @Test
  @DisplayName("PRE-27 a flip applied twice gives the image back, bit for bit, and its mask")
  void pre27Flip() {
    ImageChange change = new ImageChange(flips(), 4, 6, 3);
    byte[] image = noise(72);
    int[] mask = IntStream.range(0, 24).toArray();
    Set<Integer> seen = new HashSet<>();
    for (int row = 0; row < 40; row++) {
      change.draw(1, 0, row);
      byte[] once = applied(change, image);
      assertThat(applied(change, once)).isEqualTo(image);
      int[] moved = new int[24];
      change.applyToMask(mask, 0, moved, 0);
      for (int pixel = 0; pixel < 24; pixel++) {
        assertThat(once[3 * pixel + 1]).isEqualTo(image[3 * moved[pixel] + 1]);
      }
      seen.add(moved[0]);
    }
    assertThat(seen).as("first pixel: kept, flipped left-right, up-down, both").hasSize(4);
  }

  @Test
  @DisplayName("PRE-28 four turns by 90 degrees give the image back; rotated and back: 30 dB")
  void pre28Rotate() {
    ImageChange change = new ImageChange(turns(), 5, 5, 1);
    byte[] image = noise(25);
    Set<Byte> corners = new HashSet<>();
    for (int row = 0; row < 40; row++) {
      change.draw(1, 0, row);
      byte[] turned = applied(change, image);
      corners.add(turned[0]);
      for (int t = 0; t < 3; t++) {
        turned = applied(change, turned);
      }
      assertThat(turned).isEqualTo(image);
    }
    assertThat(corners).hasSize(4);
    int side = 64;
    byte[] smooth = new byte[side * side];
    for (int i = 0; i < smooth.length; i++) {
      smooth[i] = (byte) (128 + 90 * Math.sin(i % side / 6.0) * Math.cos(i / side / 9.0));
    }
    // Uniform in -20..20 degrees: two rows whose draws are opposite to a tenth of a degree.
    ImageChange rotate = new ImageChange(rotation(20), side, side, 1);
    double[] psnr = {0};
    for (int a = 0; a < 400 && psnr[0] == 0; a++) {
      for (int b = 0; b < a && psnr[0] == 0; b++) {
        double sum = angle(a) + angle(b);
        if (Math.abs(sum) < 0.02 && Math.abs(angle(a)) > 8) {
          rotate.draw(3, 0, a);
          byte[] there = applied(rotate, smooth);
          rotate.draw(3, 0, b);
          psnr[0] = psnr(smooth, applied(rotate, there), side);
        }
      }
    }
    assertThat(psnr[0]).isGreaterThan(30);
  }

  private static double angle(long row) {
    long key = Mix64.mix(3, Purpose.AUGMENT, 0, row);
    return 20 * (2 * Mix64.unit(Mix64.mix(key ^ Mix64.mix(4))) - 1);
  }

  private static double psnr(byte[] a, byte[] b, int side) {
    double sum = 0;
    int n = 0;
    for (int y = side / 4; y < 3 * side / 4; y++) {
      for (int x = side / 4; x < 3 * side / 4; x++) {
        double d = (a[y * side + x] & 0xff) - (b[y * side + x] & 0xff);
        sum += d * d;
        n++;
      }
    }
    return 10 * Math.log10(255 * 255 / (sum / n));
  }

  @Test
  void cropMovesUpToThePaddingEachWay() {
    byte[] image = noise(16);
    ImageChange change = new ImageChange(crop(1, Fill.ZERO), 4, 4, 1);
    int[] mask = IntStream.range(0, 16).toArray();
    Set<Integer> middles = new HashSet<>();
    for (int row = 0; row < 200; row++) {
      change.draw(9, 2, row);
      int[] moved = new int[16];
      change.applyToMask(mask, 0, moved, 0);
      middles.add(moved[5]);
      byte[] out = applied(change, image);
      for (int pixel = 0; pixel < 16; pixel++) {
        assertThat(out[pixel]).isEqualTo(moved[pixel] < 0 ? 0 : image[moved[pixel]]);
      }
    }
    assertThat(middles).containsExactlyInAnyOrder(0, 1, 2, 4, 5, 6, 8, 9, 10);
  }

  @Test
  void pixelsOutsideFollowTheFill() {
    assertThat(IntStream.range(-3, 6).map(i -> Fill.REFLECT.at(i, 3)))
        .containsExactly(1, 2, 1, 0, 1, 2, 1, 0, 1);
    assertThat(IntStream.range(-2, 5).map(i -> Fill.EDGE.at(i, 3)))
        .containsExactly(0, 0, 0, 1, 2, 2, 2);
    assertThat(IntStream.range(-1, 4).map(i -> Fill.ZERO.at(i, 3)))
        .containsExactly(-1, 0, 1, 2, -1);
    assertThat(Fill.REFLECT.at(-7, 1)).isZero();
  }

  @Test
  @DisplayName("PRE-34 the same seed gives the same change; p = .3 fires in 30 +- 2 % of 10,000")
  void pre34Pipeline() {
    Augmentation all = new Augmentation(true, false, false, 5, 2, Fill.REFLECT, 0.2, 0.2, 3, 0.3);
    ImageChange a = new ImageChange(all, 8, 8, 3);
    ImageChange b = new ImageChange(all, 8, 8, 3);
    byte[] image = noise(192);
    b.draw(5, 6, 7); // what was drawn before does not matter
    a.draw(1, 2, 3);
    byte[] first = applied(a, image);
    b.draw(1, 2, 3);
    assertThat(applied(b, image)).isEqualTo(first);
    b.draw(1, 3, 3);
    assertThat(applied(b, image)).as("another epoch").isNotEqualTo(first);

    ImageChange erase =
        new ImageChange(
            new Augmentation(false, false, false, 0, 0, Fill.ZERO, 0, 0, 8, 0.3), 8, 8, 1);
    int erased = 0;
    byte[] steps = noise(64);
    for (int row = 0; row < 10_000; row++) {
      erase.draw(1, 0, row);
      erased += java.util.Arrays.equals(applied(erase, steps), steps) ? 0 : 1;
    }
    assertThat(erased / 10_000.0).isCloseTo(0.3, offset(0.02));
  }

  @Test
  @DisplayName("PRE-32 brightness and contrast keep bytes in range and a flat image flat")
  void pre32Jitter() {
    Augmentation jitter = new Augmentation(false, false, false, 0, 0, Fill.ZERO, 0.5, 0, 0, 0);
    ImageChange change = new ImageChange(jitter, 2, 2, 1);
    byte[] flat = {100, 100, 100, 100};
    double least = 255;
    double most = 0;
    for (int row = 0; row < 500; row++) {
      change.draw(1, 0, row);
      byte[] out = applied(change, flat);
      assertThat(out).containsOnly(out[0]);
      least = Math.min(least, out[0] & 0xff);
      most = Math.max(most, out[0] & 0xff);
    }
    assertThat(least).isBetween(50.0, 52.0);
    assertThat(most).isBetween(148.0, 150.0);
    ImageChange contrast =
        new ImageChange(
            new Augmentation(false, false, false, 0, 0, Fill.ZERO, 0, 1, 0, 0), 1, 2, 1);
    for (int row = 0; row < 100; row++) {
      contrast.draw(1, 0, row);
      byte[] out = applied(contrast, new byte[] {0, (byte) 255});
      assertThat((out[0] & 0xff) + (out[1] & 0xff)).as("about the mean").isBetween(254, 256);
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertThatThrownBy(() -> new ImageChange(turns(), 4, 6, 1))
        .hasMessage("augment.turn needs square images, found 4 x 6");
    assertThatThrownBy(() -> new ImageChange(crop(8, Fill.EDGE), 8, 8, 1))
        .hasMessageContaining("augment.crop.padding 8 moves images of 8 x 8 out of sight");
    assertThatThrownBy(() -> rotation(200)).hasMessageContaining("rotate in 0..180");
    ImageChange none = new ImageChange(NONE, 2, 2, 1);
    none.draw(1, 1, 1);
    assertThat(applied(none, new byte[] {1, 2, 3, 4})).containsExactly(1, 2, 3, 4);
  }
}
