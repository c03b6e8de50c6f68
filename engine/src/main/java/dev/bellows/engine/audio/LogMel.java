package dev.bellows.engine.audio;

import java.io.Serializable;

/**
 * Log-mel spectrograms: the power of a sound in bands that are evenly spaced in pitch, over time.
 *
 * <pre>
 * frame t       = samples [t hop, t hop + window), times Hann's window 0.5 - 0.5 cos(2 pi i / window)
 * power[t, k]   = |DFT of the frame, padded with zeros to n|^2,  n the next power of two, k = 0..n/2
 * mel(f)        = 2595 log10(1 + f / 700)
 * band b        = a triangle over f from corner b to b + 2, 1 at b + 1; bands + 2 corners evenly spaced in mel from 0 to rate / 2
 * energy[t, b]  = sum over k of power[t, k] triangle_b(k rate / n)
 * level[t, b]   = 10 log10(energy[t, b] / largest energy), at least -80 dB
 * </pre>
 *
 * (S. Davis, P. Mermelstein, IEEE Trans. ASSP 1980; mel as D. O'Shaughnessy, 1987.) Levels are
 * relative to the loudest place of the sound, so that loudness does not matter. Sines and
 * logarithms are StrictMath's: the same bits on every machine.
 *
 * @param rate samples a second that a sound must have
 * @param window samples of a frame
 * @param hop samples from frame to frame
 * @param bands B
 * @param frames T; longer sounds are cut, shorter ones followed by silence
 * @param centred whether each band is shown relative to its mean over the sound, which takes out
 *     what a voice and a microphone do to all of it (B. Atal, JASA 1974)
 */
public record LogMel(int rate, int window, int hop, int bands, int frames, boolean centred)
    implements Serializable {
  /** Decibels below the loudest place that count as silence. */
  public static final double RANGE_DB = 80;

  private static final int MOST = 1 << 16;
  private static final int MOST_RATE = 1 << 20;

  /** Checks the settings. */
  public LogMel {
    check("rate", rate);
    check("window", window);
    check("hop", hop);
    check("bands", bands);
    check("frames", frames);
    if (bands > Fft.size(window) / 4) {
      throw new IllegalArgumentException(
          "bands: "
              + bands
              + " are more than a window of "
              + window
              + " samples tells apart; expected at most "
              + Fft.size(window) / 4);
    }
  }

  private static void check(String name, int value) {
    int most = name.equals("rate") ? MOST_RATE : MOST;
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(name + ": expected 1 to " + most + ", found " + value);
    }
  }

  /** Milliseconds as samples. */
  public static int samples(int rate, double milliseconds) {
    return (int) Math.max(1, Math.round(rate * milliseconds / 1000));
  }

  /**
   * Levels of a sound in dB.
   *
   * @param samples at {@link #rate}
   * @return [T, B], each in [-80, 0]; -80 everywhere for silence
   */
  public double[][] levels(float[] samples) {
    double[][] levels = new double[frames][bands];
    double[][] triangles = triangles();
    Fft fft = new Fft(Fft.size(window));
    double largest = 0;
    for (int t = 0; t < frames; t++) {
      double[] power = power(samples, t, fft);
      for (int b = 0; b < bands; b++) {
        double energy = 0;
        for (int k = 0; k < power.length; k++) {
          energy += power[k] * triangles[b][k];
        }
        levels[t][b] = energy;
        largest = Math.max(largest, energy);
      }
    }
    for (double[] frame : levels) {
      for (int b = 0; b < bands; b++) {
        double level = frame[b] > 0 ? 10 * StrictMath.log10(frame[b] / largest) : -RANGE_DB;
        frame[b] = Math.max(-RANGE_DB, level);
      }
    }
    return levels;
  }

  /**
   * The levels as the bytes of an image [T, B], row-major: 0 for -80 dB, 255 for 0 dB. Of centred
   * bands: 0 for 40 dB below the band's mean over the frames that begin within the sound, or less,
   * 255 for 40 dB above it, or more.
   */
  public byte[] image(float[] samples) {
    double[][] levels = levels(samples);
    int heard = Math.min(frames, (samples.length + hop - 1) / hop);
    byte[] image = new byte[frames * bands];
    for (int b = 0; b < bands; b++) {
      double mean = 0;
      for (int t = 0; t < heard; t++) {
        mean += levels[t][b] / heard;
      }
      double lowest = centred ? mean - RANGE_DB / 2 : -RANGE_DB;
      for (int t = 0; t < frames; t++) {
        double share = (levels[t][b] - lowest) / RANGE_DB;
        boolean silence = centred && t >= heard;
        image[t * bands + b] =
            (byte) (silence ? 0 : Math.round(255 * Math.max(0, Math.min(1, share))));
      }
    }
    return image;
  }

  /** Power of the n / 2 + 1 frequencies of a frame. */
  private double[] power(float[] samples, int frame, Fft fft) {
    double[] real = new double[fft.size()];
    double[] imaginary = new double[fft.size()];
    long from = (long) frame * hop;
    for (int i = 0; i < window && from + i < samples.length; i++) {
      double hann = 0.5 - 0.5 * StrictMath.cos(2 * Math.PI * i / window);
      real[i] = samples[(int) from + i] * hann;
    }
    fft.transform(real, imaginary);
    double[] power = new double[fft.size() / 2 + 1];
    for (int k = 0; k < power.length; k++) {
      power[k] = real[k] * real[k] + imaginary[k] * imaginary[k];
    }
    return power;
  }

  /** Weight of each frequency in each band, [B, n / 2 + 1]. */
  double[][] triangles() {
    int n = Fft.size(window);
    double[] corners = new double[bands + 2];
    double top = mel(rate / 2.0);
    for (int b = 0; b < corners.length; b++) {
      corners[b] = 700 * (StrictMath.pow(10, top * b / (bands + 1) / 2595) - 1);
    }
    double[][] triangles = new double[bands][n / 2 + 1];
    for (int b = 0; b < bands; b++) {
      for (int k = 0; k <= n / 2; k++) {
        double f = (double) k * rate / n;
        double rising = (f - corners[b]) / (corners[b + 1] - corners[b]);
        double falling = (corners[b + 2] - f) / (corners[b + 2] - corners[b + 1]);
        triangles[b][k] = Math.max(0, Math.min(rising, falling));
      }
    }
    return triangles;
  }

  private static double mel(double frequency) {
    return 2595 * StrictMath.log10(1 + frequency / 700);
  }
}
