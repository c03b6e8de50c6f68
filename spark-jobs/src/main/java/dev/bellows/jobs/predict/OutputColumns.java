package dev.bellows.jobs.predict;

import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.SeriesReader;
import dev.bellows.jobs.evaluate.OutputPlan;
import dev.bellows.jobs.table.ImageInput;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.SeriesInput;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.jspecify.annotations.Nullable;

/** The columns of one output of a model, and their cells. */
final class OutputColumns {
  static final String PREDICTION = "prediction";
  private static final String SCORE = "score";

  private final OutputPlan output;
  private final List<String> columns;
  private final boolean wide;
  private final List<String> classes;
  private final int values;
  private final int positions;
  private final double[] scales;
  private final double[] offsets;
  private final List<Integer> imageShape;
  private final @Nullable SeriesReader series;

  /**
   * @param columns of prediction, probability, score
   * @param wide one column per class instead of an array
   * @param preprocess says what images and windows of series are
   */
  OutputColumns(OutputPlan output, List<String> columns, boolean wide, Preprocess preprocess) {
    ImageInput image = preprocess.image();
    SeriesInput windows = preprocess.series();
    this.series = windows == null ? null : new SeriesReader(windows);
    this.imageShape = image == null ? List.of() : image.shape();
    this.output = output;
    this.columns = List.copyOf(columns);
    this.wide = wide;
    this.classes = output.classes();
    this.values = output.values();
    this.positions = output.positions();
    this.scales = new double[values];
    this.offsets = new double[values];
    output.units(scales, offsets);
  }

  /** Names and types; those of a head begin with its name. A text that is written has no scores. */
  List<StructField> fields() {
    List<StructField> fields = new ArrayList<>();
    for (String column : columns) {
      String name = output.prefix() + column;
      DataType numbers = DataTypes.createArrayType(DataTypes.FloatType, false);
      if (output.written() != null) {
        if (column.equals(PREDICTION)) {
          fields.add(field(name, DataTypes.StringType));
        }
      } else if (column.equals(PREDICTION) && output.pixels()) {
        fields.add(field(name, DataTypes.BinaryType));
      } else if (column.equals(PREDICTION)) {
        DataType one = classes.isEmpty() ? DataTypes.DoubleType : DataTypes.StringType;
        boolean several = classes.isEmpty() ? values > 1 : positions > 1 && !wide;
        fields.add(field(name, several ? DataTypes.createArrayType(one, false) : one));
      } else if (!classes.isEmpty() && positions > 1) {
        fields.add(field(name, DataTypes.createArrayType(numbers, false)));
      } else if (!classes.isEmpty() && wide) {
        classes.forEach(c -> fields.add(field(name + "_" + c, DataTypes.FloatType)));
      } else if (!classes.isEmpty()) {
        fields.add(field(name, numbers));
      }
    }
    return fields;
  }

  private static StructField field(String name, DataType type) {
    return DataTypes.createStructField(name, type, false);
  }

  /**
   * Adds the cells of a row.
   *
   * @param probabilities [rows, positions, values]
   * @param scores as {@code probabilities}
   * @param at row among those
   * @param in row of the block
   */
  void cells(
      float[] probabilities, float[] scores, int at, Block block, int in, List<Object> cells) {
    int from = at * positions;
    int end = from + (positions == 1 ? 1 : output.labelled(block, in));
    for (String column : columns) {
      boolean score = column.equals(SCORE);
      SeriesReader steps = series;
      if (steps != null) {
        cells.add(steps(steps, scores, at, block, in));
      } else if (column.equals(PREDICTION)) {
        cells.add(prediction(probabilities, scores, from, end));
      } else if (!classes.isEmpty() && positions == 1) {
        List<Float> numbers = perClass(score ? scores : probabilities, from, !score);
        if (wide) {
          cells.addAll(numbers);
        } else {
          cells.add(sequence(numbers));
        }
      } else if (!classes.isEmpty()) {
        cells.add(
            sequence(
                IntStream.range(from, end)
                    .mapToObj(p -> sequence(perClass(score ? scores : probabilities, p, !score)))
                    .toList()));
      }
    }
  }

  /** The steps that follow a window, in the unit of the data: [K, H]. */
  private Object steps(SeriesReader reader, float[] scores, int at, Block block, int in) {
    List<Double> numbers = new ArrayList<>();
    int horizon = reader.shape().horizon();
    for (int i = 0; i < values; i++) {
      numbers.add(reader.unscaled(block, in, i / horizon, scores[at * values + i]));
    }
    return values == 1 ? numbers.get(0) : sequence(numbers);
  }

  private Object prediction(float[] probabilities, float[] scores, int from, int end) {
    if (classes.isEmpty()) {
      List<Double> numbers = new ArrayList<>();
      for (int k = 0; k < values; k++) {
        numbers.add(scores[from * values + k] * scales[k] + offsets[k]);
      }
      return values == 1 ? numbers.get(0) : sequence(numbers);
    }
    if (positions == 1) {
      return classes.get(best(probabilities, from));
    }
    if (output.pixels()) {
      byte[] mask = new byte[positions];
      for (int p = 0; p < positions; p++) {
        mask[p] = (byte) Integer.parseInt(classes.get(best(probabilities, from + p)));
      }
      return MaskImage.png(mask, imageShape.get(0), imageShape.get(1));
    }
    List<String> names =
        IntStream.range(from, end).mapToObj(p -> classes.get(best(probabilities, p))).toList();
    return wide ? String.join(" ", names) : sequence(names);
  }

  private static Object sequence(List<?> values) {
    return scala.jdk.javaapi.CollectionConverters.asScala(values).toSeq();
  }

  /** The class with the largest probability, the first of equals. */
  private int best(float[] probabilities, int at) {
    List<Float> p = perClass(probabilities, at, true);
    int best = 0;
    for (int c = 1; c < p.size(); c++) {
      if (p.get(c) > p.get(best)) {
        best = c;
      }
    }
    return best;
  }

  /** One number per class; a single output stands for the second of two classes. */
  private List<Float> perClass(float[] numbers, int at, boolean probability) {
    List<Float> out = new ArrayList<>(classes.size());
    if (values == 1 && classes.size() == 2) {
      float second = numbers[at];
      out.add(probability ? 1 - second : -second);
      out.add(second);
      return out;
    }
    for (int c = 0; c < values; c++) {
      out.add(numbers[at * values + c]);
    }
    return out;
  }
}
