package dev.bellows.jobs.table;

import dev.bellows.jobs.config.TargetConfig;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.NumberText;
import dev.bellows.jobs.source.SeriesShape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Classes and scales of what is to be learnt, from the training rows. */
final class TargetFitter {
  private final TablePlan plan;
  private final TableStats stats;
  private final ValueCounts values;
  private final List<TextColumn> texts;
  private final List<TargetColumn> columns = new ArrayList<>();
  private final Map<String, Long> classCounts = new LinkedHashMap<>();
  private final List<Long> trainingCounts = new ArrayList<>();

  /**
   * Fits all targets of a plan.
   *
   * @param values counts of all columns of classes and tags
   * @param texts the fitted text columns
   * @throws DataException when labels do not fit the configuration
   */
  TargetFitter(TablePlan plan, TableStats stats, ValueCounts values, List<TextColumn> texts) {
    this.plan = plan;
    this.stats = stats;
    this.values = values;
    this.texts = texts;
    SeriesShape series = plan.schema().series();
    if (series != null) {
      series.targets().forEach(name -> columns.add(steps(name, series)));
      return;
    }
    for (TablePlan.Target target : plan.targets()) {
      columns.add(column(target).of(target.output()));
    }
  }

  /** The fitted targets in the order of the plan. */
  List<TargetColumn> columns() {
    return columns;
  }

  /** Training and held-out rows of each class of the main target, in class order. */
  Map<String, Long> classCounts() {
    return Collections.unmodifiableMap(classCounts);
  }

  /** Training rows of each class of the main target, in class order. */
  List<Long> trainingCounts() {
    return List.copyOf(trainingCounts);
  }

  private TargetColumn column(TablePlan.Target target) {
    if (target.kind() == TargetKind.PIXELS) {
      return pixels(target.configured());
    }
    String name = plan.names().get(target.column());
    return switch (target.kind()) {
      case NEXT_TOKEN -> {
        TextColumn text = Objects.requireNonNull(along(target));
        int last = text.vocabulary().size() - 1;
        yield new TargetColumn(name, text.vocabulary(), last, 0, 1, text.length(), name);
      }
      case NUMBER -> {
        Moments m = stats.columns[target.column()].moments();
        boolean scaled = target.configured().scale() == TargetConfig.Scale.STANDARD && m.std() > 0;
        yield new TargetColumn(name, List.of(), 0, scaled ? m.mean() : 0, scaled ? m.std() : 1);
      }
      case CLASS, TAGS, PIXELS, STEPS -> classes(target, name);
    };
  }

  /** The text whose tokens have labels; null for none. */
  private @Nullable TextColumn along(TablePlan.Target target) {
    return texts.stream()
        .filter(t -> plan.names().indexOf(t.name()) == target.along())
        .findFirst()
        .orElse(null);
  }

  private TargetColumn classes(TablePlan.Target target, String name) {
    TargetConfig config = target.configured();
    Map<String, long[]> counts = values.of(target.column());
    List<String> classes = Classes.of(config, counts);
    if (config.unseen() == TargetConfig.Unseen.FAIL) {
      refuseUnseen(name, classes, counts);
    }
    count(target.output() == 0 ? classes : List.of(), counts);
    String positive = config.positive();
    int index =
        positive == null ? classes.size() - 1 : classes.indexOf(NumberText.canonical(positive));
    TextColumn along = along(target);
    return along == null
        ? new TargetColumn(name, classes, index, 0, 1)
        : new TargetColumn(name, classes, index, 0, 1, along.length(), along.name());
  }

  /** The steps of one variable, in its unit. */
  private TargetColumn steps(String name, SeriesShape series) {
    Moments m = stats.seriesMoments(series.variables().indexOf(name));
    double scale = m.std() > 0 ? m.std() : 1;
    return new TargetColumn(name, List.of(), 0, m.mean(), scale, series.horizon(), "");
  }

  /** Classes of masks are counted in pixels; labels that held-out masks alone have are not here. */
  private TargetColumn pixels(TargetConfig config) {
    Map<String, long[]> counts = stats.maskLabels();
    List<String> classes = Classes.of(config, counts);
    count(classes, counts);
    String positive = config.positive();
    int index = positive == null ? classes.size() - 1 : classes.indexOf(positive);
    return new TargetColumn(config.name(), classes, index, 0, 1, plan.schema().maskWidth(), "");
  }

  private void count(List<String> classes, Map<String, long[]> counts) {
    for (String c : classes) {
      long[] n = counts.get(c);
      classCounts.put(c, n == null ? 0 : n[0]);
      trainingCounts.add(n == null ? 0 : n[1]);
    }
  }

  private static void refuseUnseen(String name, List<String> classes, Map<String, long[]> counts) {
    TreeMap<String, Long> unseen = new TreeMap<>(Classes::compare);
    counts.forEach(
        (label, n) -> {
          if (!classes.contains(label)) {
            unseen.put(label, n[0]);
          }
        });
    if (!unseen.isEmpty()) {
      throw new DataException(
          "target "
              + name
              + " has held-out rows of classes that the training rows do not show: "
              + Classes.shown(unseen)
              + "; training shows "
              + classes.size()
              + " classes (set target.unseen: ignore to leave such rows out)");
    }
  }
}
