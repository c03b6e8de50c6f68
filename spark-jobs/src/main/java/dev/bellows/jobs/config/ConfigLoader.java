package dev.bellows.jobs.config;

import dev.bellows.jobs.config.RunConfig.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a configuration: defaults, then the file (and what it is based on), then {@code
 * BELLOWS_SET}, then {@code --set}, each stronger than the one before. All problems are found in
 * one pass and reported together.
 */
public final class ConfigLoader {
  private static final int MAX_BASES = 16;

  private final List<Problem> problems = new ArrayList<>();
  private final String name;
  private final boolean given;

  private ConfigLoader(String name, boolean given) {
    this.name = name;
    this.given = given;
  }

  /**
   * Reads a file.
   *
   * @param file the configuration
   * @param sets assignments {@code key=value} of the command line
   * @param environment for {@code BELLOWS_SET} and {@code BELLOWS_DATA}
   * @param dataDir start of relative data paths, or null for BELLOWS_DATA, else the working folder
   * @param expected what the command needs; null takes any kind
   * @throws ConfigException with every problem
   */
  public static Loaded load(
      Path file,
      List<String> sets,
      Map<String, String> environment,
      @Nullable Path dataDir,
      @Nullable Kind expected) {
    return load(file, sets, environment, dataDir, expected, false);
  }

  /**
   * As {@link #load(Path, List, Map, Path, Kind)} for a training whose rows a program gives: {@code
   * data.train} may be absent.
   */
  public static Loaded loadForRows(Path file, List<String> sets, @Nullable Path dataDir) {
    return load(file, sets, Map.of(), dataDir, Kind.TRAIN, true);
  }

  private static Loaded load(
      Path file,
      List<String> sets,
      Map<String, String> environment,
      @Nullable Path dataDir,
      @Nullable Kind expected,
      boolean given) {
    Path shown = file.getFileName();
    ConfigLoader loader =
        new ConfigLoader(shown == null ? file.toString() : shown.toString(), given);
    String text = YamlReader.text(file, loader.name, loader.problems);
    Tree tree = text == null ? null : loader.withBases(file, loader.name, text, new ArrayList<>());
    return loader.finish(
        tree,
        text == null ? "" : text,
        file,
        sets,
        environment,
        DataPaths.of(dataDir, environment),
        expected);
  }

  /** As {@link #load(Path, List, Map, Path, Kind)} for any kind of file and no data folder. */
  public static Loaded load(Path file, List<String> sets, Map<String, String> environment) {
    return load(file, sets, environment, null, null);
  }

  /** Reads a text, e.g. a resolved configuration of a run folder. */
  public static Loaded parse(String yaml) {
    return parse(yaml, List.of());
  }

  /** Reads a text with assignments over it. */
  public static Loaded parse(String yaml, List<String> sets) {
    return parse(yaml, sets, null, null, false);
  }

  /** Reads a text with assignments over it; relative data paths start at {@code dataDir}. */
  public static Loaded parse(String yaml, List<String> sets, @Nullable Path dataDir) {
    return parse(yaml, sets, dataDir, null, false);
  }

  /** Reads a text for a training whose rows a program gives; see {@link #loadForRows}. */
  public static Loaded parseForRows(String yaml, List<String> sets, @Nullable Path dataDir) {
    return parse(yaml, sets, dataDir, Kind.TRAIN, true);
  }

  private static Loaded parse(
      String yaml,
      List<String> sets,
      @Nullable Path dataDir,
      @Nullable Kind expected,
      boolean given) {
    ConfigLoader loader = new ConfigLoader("config.yaml", given);
    Tree tree = YamlReader.read(loader.name, yaml, loader.problems);
    DataPaths paths = DataPaths.of(dataDir, Map.of());
    return loader.finish(tree, yaml, Path.of(loader.name), sets, Map.of(), paths, expected);
  }

  private @Nullable Tree withBases(Path file, String origin, String text, List<Path> chain) {
    Tree tree = YamlReader.read(origin, text, problems);
    if (!(tree instanceof Tree.Fields fields) || !fields.fields().containsKey("base")) {
      return tree;
    }
    Tree.Field base = fields.fields().get("base");
    if (base == null || !(base.value() instanceof Tree.Text path) || Scalars.isNull(path.value())) {
      return tree; // binding says what was expected, null is none
    }
    try {
      Path self = file.toRealPath();
      Path folder = self.getParent();
      chain.add(self);
      Path target =
          folder == null ? Path.of(path.value()) : folder.resolve(path.value()).normalize();
      if (folder == null || Path.of(path.value()).isAbsolute() || !target.startsWith(folder)) {
        return baseProblem(
            fields,
            base,
            "must be a file beside this one or below, found \"" + path.value() + "\"");
      }
      Path real = target.toRealPath();
      if (!real.startsWith(folder)) {
        return baseProblem(fields, base, "leads out of the folder of this file through a link");
      }
      if (chain.contains(real) || chain.size() >= MAX_BASES) {
        return baseProblem(
            fields,
            base,
            "leads back to " + real.getFileName() + ": a configuration can't be based on itself");
      }
      String below = YamlReader.text(real, path.value(), problems);
      Tree low = below == null ? null : withBases(real, path.value(), below, chain);
      Tree high = without(fields, "base");
      return low == null
          ? high
          : ConfigKeys.root(kindOf(high, kindOf(low, Kind.TRAIN)))
              .merge(without(low, "base"), high);
    } catch (java.nio.file.NoSuchFileException e) {
      return baseProblem(fields, base, "no such file: " + path.value());
    } catch (IOException | java.nio.file.InvalidPathException e) {
      return baseProblem(fields, base, "can't be read: " + e.getMessage());
    }
  }

  private Tree baseProblem(Tree.Fields fields, Tree.Field base, String message) {
    Mark mark = base.value().mark();
    problems.add(new Problem(mark.origin(), mark.line(), mark.column(), "base", message));
    return without(fields, "base");
  }

  private static Tree without(Tree tree, String key) {
    if (!(tree instanceof Tree.Fields fields)) {
      return tree;
    }
    Map<String, Tree.Field> rest = new LinkedHashMap<>(fields.fields());
    rest.remove(key);
    return new Tree.Fields(rest, fields.mark());
  }

  /** What a file is for: sections that only one kind has say it. */
  private static Kind kindOf(Tree tree, Kind otherwise) {
    if (!(tree instanceof Tree.Fields fields)) {
      return otherwise;
    }
    Map<String, Tree.Field> top = fields.fields();
    Tree.Field data = top.get("data");
    boolean input =
        data != null && data.value() instanceof Tree.Fields d && d.fields().containsKey("input");
    if (top.containsKey("predict") || input) {
      return Kind.PREDICT;
    }
    if (top.containsKey("evaluate") || top.containsKey("model_path")) {
      return Kind.EVALUATE;
    }
    return top.containsKey("model") || top.containsKey("trainer") ? Kind.TRAIN : otherwise;
  }

  private Loaded finish(
      @Nullable Tree tree,
      String text,
      Path file,
      List<String> sets,
      Map<String, String> environment,
      DataPaths paths,
      @Nullable Kind expected) {
    List<Tree> layers = Overrides.layers(sets, environment, problems);
    if (tree == null) {
      throw failure();
    }
    Kind kind = kindOf(tree, expected == null ? Kind.TRAIN : expected);
    if (expected != null && kind != expected) {
      String is = kind.name().toLowerCase(java.util.Locale.ROOT);
      problems.add(
          new Problem(
              name, 0, 0, "", "is a file for " + is + "; run: bellows " + is + " -c " + file));
    }
    Section root = ConfigKeys.root(kind, given);
    Binding binding = new Binding(name, root, problems);
    for (Tree layer : layers) {
      tree = root.merge(tree, layer);
    }
    Secrets.check(tree, "", binding);
    Object bound = root.bind(tree, "", binding);
    if (bound instanceof Map<?, ?> map) {
      Map<String, Object> values = strings(map);
      values.remove("base");
      Presets.expand(values, binding);
      new CrossChecks(new Bound(values), binding).run(kind, given);
      if (problems.isEmpty()) {
        RunConfig config = new Records(values, paths).config(kind);
        absolute(values, paths);
        return new Loaded(config, YamlWriter.write(values), text, file.toAbsolutePath());
      }
    }
    throw failure();
  }

  /** Data paths in the resolved file are absolute: it means the same rows from any folder. */
  private static void absolute(Object value, DataPaths paths) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> values = strings(map);
      Object data = values.get("data");
      if (data instanceof Map<?, ?> sources) {
        sources
            .values()
            .forEach(
                source -> {
                  if (source instanceof Map<?, ?> one && one.containsKey("format")) {
                    @SuppressWarnings("unchecked") // bound maps have string keys
                    Map<String, Object> keys = (Map<String, Object>) one;
                    for (String key :
                        List.of("path", "images", "labels", "masks", "source", "target")) {
                      keys.computeIfPresent(key, (k, v) -> paths.resolve((String) v));
                    }
                  }
                });
      }
    }
  }

  @SuppressWarnings("unchecked") // bound maps have string keys
  private static Map<String, Object> strings(Map<?, ?> map) {
    return (Map<String, Object>) map;
  }

  private ConfigException failure() {
    List<Problem> sorted = new ArrayList<>(new java.util.LinkedHashSet<>(problems));
    sorted.sort(
        Comparator.comparing((Problem p) -> !p.origin().equals(name))
            .thenComparing(Problem::origin)
            .thenComparingInt(Problem::line)
            .thenComparingInt(Problem::column));
    return new ConfigException(name, sorted);
  }
}
