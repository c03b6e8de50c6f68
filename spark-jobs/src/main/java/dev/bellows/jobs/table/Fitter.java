package dev.bellows.jobs.table;

import dev.bellows.jobs.config.FeatureConfig;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.SeriesShape;
import dev.bellows.jobs.source.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.jspecify.annotations.Nullable;

/**
 * Fits {@link Preprocess} on the training rows: exact sums, exact medians, exact counts, so that
 * the result is the same for any number of partitions, to the last bit.
 */
public final class Fitter {
  /**
   * Largest share of the magnitude of a value that float32 rounding may take from its spread before
   * an offset is stored.
   */
  private static final double OFFSET_FROM = 4096;

  private static final int MAX_EMBEDDING = 50;

  private final TablePlan plan;
  private final JavaRDD<MaskedBlock> rows;

  /** Why a column is not used, by column. */
  private final Map<Integer, String> dropped = new TreeMap<>();

  private final TableStats stats;
  private final ValueCounts values;
  private final int sparseWidth;

  /** Whether vocabularies hold every token, whatever the configuration wants. */
  private final boolean wholeVocabularies;

  private Fitter(
      TablePlan plan,
      JavaRDD<MaskedBlock> rows,
      TableStats stats,
      ValueCounts values,
      int sparseWidth,
      boolean wholeVocabularies) {
    this.wholeVocabularies = wholeVocabularies;
    this.plan = plan;
    this.rows = rows;
    this.stats = stats;
    this.values = values;
    this.sparseWidth = sparseWidth;
  }

  /**
   * What was fitted.
   *
   * @param preprocess the fit
   * @param dropped columns that are not used, with the reason
   * @param classCounts training and held-out rows of each class, in class order: for people
   * @param trainingCounts training rows of each class, in class order: all that a network may know
   */
  public record Fit(
      Preprocess preprocess,
      Map<Integer, String> dropped,
      Map<String, Long> classCounts,
      List<Long> trainingCounts) {}

  /**
   * Fits.
   *
   * @param rows all rows, with a mask of the training rows
   * @param sparseWidth width of the sparse part, over all rows or as declared
   * @throws DataException when labels or columns cannot be used
   */
  public static Fit fit(TablePlan plan, JavaRDD<MaskedBlock> rows, int sparseWidth) {
    return fit(plan, rows, sparseWidth, false);
  }

  /**
   * Fits what rows are encoded with that others are fitted on later: vocabularies hold every token,
   * so that nothing of these rows decides what a later fit may see.
   */
  public static Fit encoding(TablePlan plan, JavaRDD<MaskedBlock> rows, int sparseWidth) {
    return fit(plan, rows, sparseWidth, true);
  }

  private static Fit fit(
      TablePlan plan, JavaRDD<MaskedBlock> rows, int sparseWidth, boolean wholeVocabularies) {
    int[] counted = counted(plan);
    @Nullable Tokenizer[] tokenizers = tokenizers(plan, counted);
    int width = plan.names().size();
    FitStats all =
        rows.mapPartitions(
                it -> {
                  FitStats s = new FitStats(counted, tokenizers);
                  while (it.hasNext()) {
                    s.add(it.next());
                  }
                  return List.of(s).iterator();
                })
            .treeReduce(FitStats::merge);
    TableStats stats = all.stats().withColumns(width);
    return new Fitter(plan, rows, stats, all.values(), sparseWidth, wholeVocabularies).fit();
  }

  private static int[] counted(TablePlan plan) {
    List<Integer> columns = new ArrayList<>();
    for (int c = 0; c < plan.names().size(); c++) {
      ColumnRole role = plan.role(c);
      if (role == ColumnRole.CATEGORY
          || role == ColumnRole.TEXT
          || (role == ColumnRole.TARGET && plan.target(c).kind().classes())) {
        columns.add(c);
      }
    }
    return columns.stream().mapToInt(c -> c).toArray();
  }

  private static @Nullable Tokenizer[] tokenizers(TablePlan plan, int[] columns) {
    @Nullable Tokenizer[] tokenizers = new Tokenizer[columns.length];
    for (int i = 0; i < columns.length; i++) {
      ColumnRole role = plan.role(columns[i]);
      if (role == ColumnRole.TEXT) {
        tokenizers[i] = plan.tokenizer(columns[i]);
      } else if (role == ColumnRole.TARGET && plan.target(columns[i]).kind() == TargetKind.TAGS) {
        tokenizers[i] = Tokenizer.WHITESPACE;
      }
    }
    return tokenizers;
  }

  private Fit fit() {
    if (stats.rows == 0) {
      throw new DataException("no training rows are left");
    }
    List<TextColumn> texts = new ArrayList<>();
    for (int c = 0; c < plan.names().size(); c++) {
      if (plan.role(c) == ColumnRole.TEXT) {
        texts.add(text(c));
      }
    }
    TargetFitter targets = new TargetFitter(plan, stats, values, texts);
    List<CategoryColumn> categories = new ArrayList<>();
    List<Integer> numbers = new ArrayList<>();
    for (int c = 0; c < plan.names().size(); c++) {
      if (plan.role(c) == ColumnRole.CATEGORY) {
        category(c, categories);
      } else if (plan.role(c) == ColumnRole.NUMBER && used(c)) {
        numbers.add(c);
      }
    }
    ImageInput image = image();
    SparseInput sparse = sparse();
    SeriesInput series = series();
    boolean columns =
        series != null || !numbers.isEmpty() || !categories.isEmpty() || !texts.isEmpty();
    if (image == null && sparse == null && !columns) {
      throw new DataException(
          "no feature column is left: " + dropped.size() + " dropped (" + reasons() + ")");
    }
    return new Fit(
        new Preprocess(
                plan.names(),
                numberColumns(numbers),
                categories,
                texts,
                image,
                sparse,
                series,
                targets.columns())
            .withCrosses(plan.crosses(categories)),
        dropped,
        targets.classCounts(),
        targets.trainingCounts());
  }

  private String reasons() {
    List<String> all = new ArrayList<>();
    dropped.forEach((c, why) -> all.add(plan.names().get(c) + ": " + why));
    return Nearest.shortList(all);
  }

  private boolean used(int c) {
    ColumnStats s = stats.columns[c];
    boolean flag = plan.feature(c).missingFlag() && s.missing > 0;
    if (s.numbers == 0) {
      dropped.put(c, "all missing");
    } else if (s.distinct.count() == 1 && !flag) {
      dropped.put(c, "constant " + dev.bellows.jobs.source.NumberText.canonical(s.min));
    } else {
      return true;
    }
    return false;
  }

  private List<NumberColumn> numberColumns(List<Integer> columns) {
    List<Integer> wanted =
        columns.stream()
            .filter(c -> plan.feature(c).impute() == FeatureConfig.Impute.MEDIAN)
            .toList();
    int[] medianColumns = wanted.stream().mapToInt(c -> c).toArray();
    double[] medians =
        medianColumns.length == 0
            ? new double[0]
            : Medians.of(
                rows,
                medianColumns,
                wanted.stream().mapToLong(c -> stats.columns[c].numbers).toArray());
    List<NumberColumn> out = new ArrayList<>();
    for (int c : columns) {
      FeatureConfig f = plan.feature(c);
      ColumnStats s = stats.columns[c];
      Moments m = s.moments();
      double fill =
          switch (f.impute()) {
            case MEDIAN -> medians[wanted.indexOf(c)];
            case CONSTANT -> f.imputeConstant();
            default -> m.mean();
          };
      double center = 0;
      double factor = 1;
      switch (f.scale()) {
        case AUTO, STANDARD -> {
          center = m.mean();
          factor = inverse(m.std());
        }
        case MINMAX -> {
          center = s.min;
          factor = inverse(s.max - s.min);
        }
        case UNIT -> factor = inverse(Math.max(Math.abs(s.min), Math.abs(s.max)));
        case NONE -> {}
      }
      double magnitude = Math.max(Math.abs(s.min), Math.abs(s.max));
      double offset =
          m.std() > 0 && magnitude > OFFSET_FROM * m.std() ? (double) (float) m.mean() : 0;
      boolean flag = f.missingFlag() && s.missing > 0;
      out.add(
          new NumberColumn(
              plan.names().get(c),
              offset,
              center,
              factor,
              fill,
              f.impute() == FeatureConfig.Impute.FAIL,
              flag));
    }
    return out;
  }

  /** 1 / x; 1 for a column without spread, and where the inverse leaves the range of a double. */
  private static double inverse(double x) {
    double inverse = 1 / x;
    return x > 0 && Double.isFinite(inverse) ? inverse : 1;
  }

  private void category(int c, List<CategoryColumn> out) {
    String name = plan.names().get(c);
    FeatureConfig f = plan.feature(c);
    Map<String, long[]> counts = values.of(c);
    if (counts.size() > ValueCounts.MAX_VALUES) {
      throw new DataException(
          "column "
              + name
              + " has more than "
              + ValueCounts.MAX_VALUES
              + " distinct texts; set features."
              + name
              + ".type: ignore");
    }
    TreeMap<String, long[]> sorted = new TreeMap<>(counts);
    sorted.values().removeIf(n -> n[1] == 0);
    ColumnStats s = stats.columns[c];
    long trained = sorted.size();
    if (trained == 0) {
      dropped.put(c, "all missing");
      return;
    }
    if (trained + (s.missing > 0 ? 1 : 0) <= 1) {
      dropped.put(c, "constant \"" + sorted.firstKey() + "\"");
      return;
    }
    if (plan.inferred(c) && trained == s.texts + s.numbers && trained >= 20) {
      dropped.put(c, "every value occurs once; set type: category to use it anyway");
      return;
    }
    int next = 1;
    List<Integer> codes = new ArrayList<>(sorted.size() + 1);
    codes.add(s.missing > 0 ? next++ : 0);
    for (long[] n : sorted.values()) {
      codes.add(n[1] >= Math.max(1, f.minCount()) ? next++ : 0);
    }
    int embedding =
        f.embeddingDim() > 0 ? f.embeddingDim() : Math.min(MAX_EMBEDDING, (next + 1) / 2);
    out.add(
        new CategoryColumn(
            name,
            List.copyOf(sorted.keySet()),
            codes,
            next,
            embedding,
            f.unknown() == FeatureConfig.Unknown.FAIL));
  }

  /** The most frequent tokens of the training rows, equally frequent ones in alphabetical order. */
  private TextColumn text(int c) {
    FeatureConfig f = plan.feature(c);
    List<Map.Entry<String, long[]>> tokens = new ArrayList<>(values.of(c).entrySet());
    int least = wholeVocabularies ? 1 : Math.max(1, f.minCount());
    tokens.removeIf(e -> e.getValue()[1] < least);
    tokens.sort(
        (a, b) -> {
          int byCount = Long.compare(b.getValue()[1], a.getValue()[1]);
          return byCount != 0 ? byCount : a.getKey().compareTo(b.getKey());
        });
    if (tokens.isEmpty()) {
      throw new DataException(
          "text column "
              + plan.names().get(c)
              + " has no token that occurs "
              + Math.max(1, f.minCount())
              + " times or more in the training rows");
    }
    boolean next = plan.next(c);
    boolean bounds =
        switch (f.text().bounds()) {
          case MARK -> true;
          case NONE -> false;
          case AUTO -> next && plan.window() == 0;
        };
    // the last token of a row is only predicted, where the next one is
    int longest = values.longest(c) + (bounds ? 2 : 0) - (next ? 1 : 0);
    List<String> vocabulary = new ArrayList<>(TextColumn.marks(bounds));
    int most = wholeVocabularies ? Integer.MAX_VALUE : f.text().vocabulary();
    tokens.stream().limit(most).forEach(e -> vocabulary.add(e.getKey()));
    return new TextColumn(
        plan.names().get(c),
        plan.tokenizer(c),
        bounds,
        Math.max(1, f.text().maxLength() > 0 ? f.text().maxLength() : longest),
        vocabulary);
  }

  private @Nullable ImageInput image() {
    List<Integer> shape = plan.schema().imageShape();
    if (shape.isEmpty()) {
      return null;
    }
    FeatureConfig f = plan.special(FeatureConfig.Type.IMAGE);
    if (!f.shape().isEmpty()) {
      int wanted = f.shape().stream().reduce(1, (a, b) -> a * b);
      if (f.shape().size() > 3 || wanted != plan.schema().pixelWidth()) {
        throw new DataException(
            "features.image.shape is " + f.shape() + ", but the images are " + shape);
      }
      List<Integer> padded = new ArrayList<>(f.shape());
      while (padded.size() < 3) {
        padded.add(1);
      }
      shape = padded;
    }
    ImageInput image =
        switch (f.scale()) {
          case AUTO, UNIT -> new ImageInput(shape, 0, 1 / 255.0);
          case STANDARD -> standardised(shape);
          case MINMAX ->
              new ImageInput(shape, stats.pixelMin, inverse(stats.pixelMax - stats.pixelMin));
          case NONE -> new ImageInput(shape, 0, 1);
        };
    return image.of(f.type() == FeatureConfig.Type.AUDIO ? f.sound() : null);
  }

  /** Per channel; over all values where the configured shape has other channels than the file. */
  private ImageInput standardised(List<Integer> shape) {
    int channels = stats.pixelSums.length;
    if (shape.get(2) != channels) {
      Moments m = stats.pixelMoments();
      return new ImageInput(shape, m.mean(), inverse(m.std()));
    }
    List<Double> centers = new ArrayList<>();
    List<Double> factors = new ArrayList<>();
    for (int c = 0; c < channels; c++) {
      Moments m = stats.pixelMoments(c);
      centers.add(m.mean());
      factors.add(inverse(m.std()));
    }
    return new ImageInput(shape, List.copyOf(centers), List.copyOf(factors));
  }

  private @Nullable SeriesInput series() {
    SeriesShape shape = plan.schema().series();
    if (shape == null) {
      return null;
    }
    List<Double> centers = new ArrayList<>();
    List<Double> factors = new ArrayList<>();
    for (int c = 0; c < shape.variables().size(); c++) {
      Moments m = stats.seriesMoments(c);
      centers.add(m.mean());
      factors.add(inverse(m.std()));
    }
    return new SeriesInput(shape, List.copyOf(centers), List.copyOf(factors));
  }

  private @Nullable SparseInput sparse() {
    if (!plan.schema().sparse()) {
      return null;
    }
    FeatureConfig f = plan.special(FeatureConfig.Type.SPARSE);
    if (f.scale() != FeatureConfig.Scale.AUTO && f.scale() != FeatureConfig.Scale.NONE) {
      throw new DataException(
          "scale " + f.scale() + " does not fit a sparse part (it would fill it in); use none");
    }
    return new SparseInput(Math.max(1, sparseWidth), List.of());
  }
}
