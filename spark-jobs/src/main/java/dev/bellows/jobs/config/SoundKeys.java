package dev.bellows.jobs.config;

import dev.bellows.engine.audio.LogMel;
import dev.bellows.jobs.config.Numbers.Real;
import dev.bellows.jobs.config.Numbers.Whole;
import dev.bellows.jobs.config.Words.Flag;

/** Keys of {@code features.NAME.spectrogram}: how sounds become images. */
final class SoundKeys {
  static final String KEY = "spectrogram";

  private SoundKeys() {}

  static Section section() {
    return new Section()
        .key("rate", new Whole(1, 1 << 20), "16000", "Samples a second of every recording.", "8000")
        .key("window_ms", Real.positive(), "25.0", "Length of a frame, milliseconds.", "32.0")
        .key("hop_ms", Real.positive(), "10.0", "From frame to frame, milliseconds.", "16.0")
        .key("bands", new Whole(1, 1 << 10), "40", "Bands, evenly spaced in pitch (mel).")
        .key(
            "frames",
            new Whole(1, 1 << 16),
            "100",
            "Frames of a row; longer recordings are cut, shorter ones end in silence.",
            "64")
        .key(
            "center_bands",
            new Flag(),
            "false",
            "Show each band relative to its mean over the recording: takes out what voice and microphone do to all of it.",
            "true");
  }

  /** Settings whose bands no window tells apart are refused by {@link #check} before. */
  static LogMel sound(Bound keys) {
    int rate = keys.count("rate");
    return new LogMel(
        rate,
        LogMel.samples(rate, keys.real("window_ms")),
        LogMel.samples(rate, keys.real("hop_ms")),
        keys.count("bands"),
        keys.count("frames"),
        keys.flag("center_bands"));
  }

  /** Whether the settings of each feature fit together. */
  static void check(Bound file, Binding binding) {
    file.at("features")
        .values()
        .forEach(
            (name, feature) -> {
              Bound keys = new Bound(java.util.Map.of("it", feature)).at("it." + KEY);
              if (keys.values().isEmpty() || keys.values().containsValue(Spec.BAD)) {
                return;
              }
              try {
                sound(keys);
              } catch (IllegalArgumentException e) {
                String key = Section.join(Section.join("features", name), KEY);
                binding.problem(binding.mark(key), key, String.valueOf(e.getMessage()));
              }
            });
  }
}
