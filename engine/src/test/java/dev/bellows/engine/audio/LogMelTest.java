package dev.bellows.engine.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.sample.Philox;
import org.junit.jupiter.api.Test;

/** Transform and spectrogram against definitions and NumPy. */
final class LogMelTest {
  @Test
  void theTransformEqualsItsDefinition() {
    int n = 32;
    double[] real = new double[n];
    double[] imaginary = new double[n];
    for (int i = 0; i < n; i++) {
      real[i] = Philox.normal(3, i);
      imaginary[i] = Philox.normal(4, i);
    }
    double[] re = real.clone();
    double[] im = imaginary.clone();
    new Fft(n).transform(re, im);
    for (int k = 0; k < n; k++) {
      double a = 0;
      double b = 0;
      for (int i = 0; i < n; i++) {
        double angle = -2 * Math.PI * i * k / n;
        a += real[i] * Math.cos(angle) - imaginary[i] * Math.sin(angle);
        b += real[i] * Math.sin(angle) + imaginary[i] * Math.cos(angle);
      }
      assertThat(re[k]).as("real " + k).isEqualTo(a, within(1e-12));
      assertThat(im[k]).as("imaginary " + k).isEqualTo(b, within(1e-12));
    }
    assertThat(Fft.size(200)).isEqualTo(256);
    assertThat(Fft.size(256)).isEqualTo(256);
    assertThatThrownBy(() -> new Fft(12)).hasMessageContaining("a power of two, found 12");
  }

  private static float[] tones(int samples) {
    float[] x = new float[samples];
    for (int i = 0; i < samples; i++) {
      double t = 2 * Math.PI * i / 8000;
      x[i] = (float) (0.5 * Math.sin(440 * t) + 0.1 * Math.cos(1500 * t));
    }
    return x;
  }

  /**
   * Of NumPy 2.4.6: {@code x} = 0.5 sin(2 pi 440 i / 8000) + 0.1 cos(2 pi 1500 i / 8000) as
   * float32, i = 0..299; frames of 200 samples every 80 under 0.5 - 0.5 cos(2 pi arange(200) /
   * 200); {@code abs(rfft(frame, 256)) ** 2}; triangles between 7 corners {@code 700 * (10 **
   * (linspace(0, mel(4000), 7) / 2595) - 1)}; {@code maximum(-80, 10 * log10(E / E.max()))}.
   */
  @Test
  void levelsEqualNumPys() {
    double[][] wanted = {
      {-7.18785478e-07, -4.93372164e-02, -1.46588117e+01, -1.34350280e+01, -8.0e+01},
      {0.0, -4.93366638e-02, -1.46587992e+01, -1.34350289e+01, -8.0e+01},
      {-3.39751123e-01, -4.97225492e-01, -1.50186474e+01, -1.37665619e+01, -3.46627300e+01}
    };
    double[][] levels = new LogMel(8000, 200, 80, 5, 3, false).levels(tones(300));
    assertThat(levels).hasNumberOfRows(3);
    for (int t = 0; t < 3; t++) {
      for (int b = 0; b < 5; b++) {
        assertThat(levels[t][b]).as(t + " " + b).isEqualTo(wanted[t][b], within(1e-6));
      }
    }
  }

  @Test
  void loudnessDoesNotMatterAndSilenceIsZero() {
    LogMel mel = new LogMel(8000, 200, 80, 20, 8, false);
    float[] loud = tones(500);
    float[] quiet = loud.clone();
    for (int i = 0; i < quiet.length; i++) {
      quiet[i] /= 64;
    }
    assertThat(mel.image(quiet)).isEqualTo(mel.image(loud));
    assertThat(mel.image(loud)[0] & 0xff).isGreaterThan(0);
    assertThat(mel.image(loud)).endsWith(0); // after its end
    assertThat(mel.image(new float[500])).containsOnly(0);
    assertThat(mel.image(new float[0])).hasSize(160).containsOnly(0);
    assertThat(mel.image(tones(6000))).isEqualTo(mel.image(tones(8 * 80 + 200)));
  }

  @Test
  void centredBandsForgetTheirMean() {
    LogMel mel = new LogMel(8000, 200, 80, 10, 8, true);
    float[] sound = tones(700);
    byte[] image = mel.image(sound);
    double[][] levels = mel.levels(sound);
    for (int b = 0; b < 10; b++) {
      double mean = 0;
      for (int t = 0; t < 8; t++) {
        mean += levels[t][b] / 8;
      }
      for (int t = 0; t < 8; t++) {
        double wanted = Math.max(0, Math.min(255, 127.5 + 255 * (levels[t][b] - mean) / 80));
        assertThat((double) (image[t * 10 + b] & 0xff)).isEqualTo(wanted, within(0.5 + 1e-9));
      }
    }
    assertThat(mel.image(tones(160))).endsWith(new byte[60]); // silence is black
    assertThat(mel.image(new float[0])).containsOnly(0);
  }

  @Test
  void bandsThatNoWindowTellsApartAreRefused() {
    assertThatThrownBy(() -> new LogMel(8000, 100, 80, 40, 3, false))
        .hasMessageContaining("bands: 40 are more than a window of 100 samples tells apart");
    assertThatThrownBy(() -> new LogMel(8000, 200, 0, 20, 3, false)).hasMessageContaining("hop");
    assertThat(LogMel.samples(8000, 25)).isEqualTo(200);
  }
}
