package dev.bellows.jobs.train;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.model.Provenance;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.RunConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything that decides about the bits of a model: configuration, data, kernels, versions. A run
 * may only be continued when it has not changed, or when the user allows the change by name.
 */
public final class Fingerprint {
  /** Configuration keys (and everything below them) that do not change the bits of a step. */
  private static final List<String> FREE =
      List.of(
          "output",
          "distributed.workers",
          "distributed.shards",
          "distributed.placement",
          "distributed.servers",
          "distributed.replicas",
          "distributed.transport",
          "distributed.overlap",
          "distributed.deadline",
          "distributed.max_failures",
          "distributed.rebalance",
          "trainer.checkpoint",
          "trainer.max_time",
          "trainer.measure_training",
          "evaluate.metrics",
          "evaluate.per_class",
          "evaluate.unseen",
          "cv.kind",
          "cv.folds",
          "cv.repeats",
          "cv.validation_rows",
          "cv.window_rows",
          "cv.gap_rows",
          "cv.purge",
          "cv.share",
          "cv.metrics",
          "cv.refit",
          "cv.execution",
          "search",
          "predict");

  /** Beginnings of the free keys that decide about a study. */
  private static final List<String> STUDY = List.of("cv.", "search.");

  /** Of these, what may change: whether a model follows, how long and how far a search goes. */
  private static final List<String> STUDY_FREE =
      List.of("cv.refit", "cv.execution", "search.trials", "search.max_time");

  /** Keys of the fingerprints of the sources; those of held-out rows with a source of their own. */
  private static final List<String> DATA = List.of("data", "data.validation", "data.test");

  private Fingerprint() {}

  /** The fingerprints of the sources that rows were read from. */
  static Map<String, String> ofData(String train, String validation, String test) {
    Map<String, String> tree = new LinkedHashMap<>();
    List<String> sources = List.of(train, validation, test);
    for (int i = 0; i < sources.size(); i++) {
      tree.put(DATA.get(i), sources.get(i));
    }
    return tree;
  }

  /**
   * The tree that is stored in run.json and in every checkpoint.
   *
   * @param config flattened configuration: dotted key to text
   * @param data fingerprints of the sources: {@link #DATA} keys to text, empty for a source that
   *     there is not
   * @param kernels id of the kernel provider
   * @param version version of Bellows
   */
  static Map<String, Object> of(
      Map<String, String> config, Map<String, String> data, String kernels, String version) {
    Map<String, Object> tree = new LinkedHashMap<>();
    Map<String, Object> keys = new LinkedHashMap<>();
    config.forEach(
        (key, value) -> {
          if (!free(key)) {
            keys.put(key, value);
          }
        });
    tree.put("config", keys);
    tree.putAll(data);
    tree.put("kernels", kernels);
    tree.put("version", version);
    return tree;
  }

  /** What decides about the figures of a study: also how rows are divided and what is measured. */
  public static Map<String, Object> ofStudy(RunConfig config, String data) {
    Map<String, Object> tree =
        of(
            Map.of(),
            ofData(data, "", ""),
            KernelProvider.choose(Setup.preference(config)).id(),
            Provenance.BELLOWS_VERSION);
    tree.putAll(ofStudyConfig(config));
    return tree;
  }

  /** The part of it that is known before the data is read. */
  public static Map<String, Object> ofStudyConfig(RunConfig config) {
    Map<String, Object> keys = new LinkedHashMap<>();
    ConfigTree.flat(config)
        .forEach(
            (key, value) -> {
              boolean study = STUDY.stream().anyMatch(key::startsWith) && !STUDY_FREE.contains(key);
              if (study || !free(key)) {
                keys.put(key, value);
              }
            });
    return new LinkedHashMap<>(Map.of("config", keys));
  }

  /** The part that is known before the data is read. */
  static Map<String, Object> ofConfig(Map<String, String> config) {
    Map<String, Object> tree = of(config, Map.of(), "", "");
    tree.keySet().retainAll(List.of("config"));
    return tree;
  }

  /** The fingerprint in a checkpoint's state. */
  static Map<String, Object> stored(Map<String, Object> state) {
    Map<String, Object> tree = new LinkedHashMap<>();
    map(state.get("fingerprint")).forEach((key, value) -> tree.put(String.valueOf(key), value));
    return tree;
  }

  /** One line per difference, in the form {@code key: was A, is B}; empty when equal. */
  static List<String> differences(
      Map<String, Object> was, Map<String, Object> is, List<String> allowed) {
    List<String> lines = new ArrayList<>();
    Map<?, ?> wasKeys = map(was.get("config"));
    Map<?, ?> isKeys = map(is.get("config"));
    Set<Object> all = new LinkedHashSet<>(wasKeys.keySet());
    all.addAll(isKeys.keySet());
    for (Object key : all) {
      compare(String.valueOf(key), wasKeys.get(key), isKeys.get(key), allowed, lines);
    }
    List<String> facts = new ArrayList<>(DATA);
    facts.addAll(List.of("kernels", "version"));
    for (String key : facts) {
      if (!is.containsKey(key) || !was.containsKey(key)) {
        continue; // not known yet, or not noted by an earlier release
      }
      compare(key, was.get(key), is.get(key), allowed, lines);
    }
    return lines;
  }

  /**
   * Refuses a run whose fingerprint changed.
   *
   * @throws BellowsException exit 3, or 4 when only the data changed
   */
  public static void requireSame(
      Map<String, Object> was, Map<String, Object> is, List<String> allowed, String where) {
    List<String> lines = differences(was, is, allowed);
    if (lines.isEmpty()) {
      return;
    }
    boolean onlyData =
        lines.stream().allMatch(line -> DATA.contains(line.substring(0, line.indexOf(':'))));
    throw new BellowsException(
        onlyData ? ExitCode.DATA : ExitCode.CONFIG,
        "cannot continue "
            + where
            + ": "
            + lines.size()
            + (lines.size() == 1 ? " thing" : " things")
            + " changed since its checkpoint ("
            + String.join("; ", lines)
            + "); undo it, allow it with --allow-change KEY, or start anew in another folder");
  }

  private static void compare(
      String key,
      @Nullable Object was,
      @Nullable Object is,
      List<String> allowed,
      List<String> lines) {
    String a = String.valueOf(was);
    String b = String.valueOf(is);
    if (a.equals(b)) {
      return;
    }
    for (String name : allowed) {
      if (key.equals(name) || key.startsWith(name + ".")) {
        return;
      }
    }
    lines.add(key + ": was " + a + ", is " + b);
  }

  private static boolean free(String key) {
    for (String name : FREE) {
      if (key.equals(name) || key.startsWith(name + ".")) {
        return true;
      }
    }
    return false;
  }

  private static Map<?, ?> map(@Nullable Object value) {
    return value instanceof Map<?, ?> m ? m : Map.of();
  }
}
