package dev.bellows.engine.kernel.cpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What /proc/cpuinfo says about the first processor.
 *
 * @param level the best of our builds that it runs, {@code x86-64-v3} or {@code x86-64-v4}; empty
 *     for none
 * @param model vendor, family and model: oneDNN blocks by the caches of the model, which decides
 *     about bits
 */
record Processor(String level, String model) {
  private static final Set<String> V3 = Set.of("avx2", "fma", "bmi1", "bmi2", "f16c", "movbe");
  private static final Set<String> V4 =
      Set.of("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl");

  /** This machine's; nothing known where there is no /proc/cpuinfo. */
  static Processor read() {
    Path file = Path.of("/proc/cpuinfo");
    try {
      return of(Files.exists(file) ? Files.readString(file) : "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Processor of(String cpuinfo) {
    Map<String, String> first = new HashMap<>();
    for (String line : cpuinfo.split("\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        first.putIfAbsent(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
      }
    }
    Set<String> flags =
        new HashSet<>(Arrays.asList(first.getOrDefault("flags", "").split("\\s+", -1)));
    String level = "";
    if (flags.containsAll(V3)) {
      level = flags.containsAll(V4) ? "x86-64-v4" : "x86-64-v3";
    }
    String vendor = first.get("vendor_id");
    String model =
        vendor == null
            ? "unknown"
            : vendor + "-" + first.get("cpu family") + "-" + first.get("model");
    return new Processor(level, model);
  }
}
