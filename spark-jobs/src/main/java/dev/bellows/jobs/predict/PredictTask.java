package dev.bellows.jobs.predict;

import dev.bellows.engine.plan.Predictor;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.BlockReader;
import dev.bellows.jobs.block.RowEncoder;
import dev.bellows.jobs.evaluate.ScorePlan;
import dev.bellows.jobs.table.Preprocess;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/**
 * Predicts the rows of a partition, a few hundred at a time, in their order.
 *
 * <p>A product of another number of rows, or another place of a row in it, may round differently.
 * So every forward pass has the same number of rows, and a row's place in it follows from its
 * number in the input; places of rows that lie in other partitions repeat a row that is here.
 * Outputs are then the same bits for any number of partitions.
 */
final class PredictTask implements FlatMapFunction<Iterator<Tuple2<Row, Long>>, Row> {
  private static final long serialVersionUID = 1L;

  private final ScorePlan plan;
  private final Preprocess preprocess;
  private final int classes;
  private final int outputs;
  private final int positions;
  private final int rowsAtOnce;
  private final StructType schema;
  private final boolean numbered;
  private final List<String> keep;
  private final List<String> columns;
  private final boolean wide;
  private final Broadcast<float[]> parameters;
  private final LongAccumulator unknown;

  PredictTask(
      ScorePlan plan,
      int outputs,
      StructType schema,
      boolean numbered,
      List<String> keep,
      List<String> columns,
      boolean wide,
      Broadcast<float[]> parameters,
      LongAccumulator unknown) {
    this.plan = plan;
    this.preprocess = plan.preprocess();
    this.classes = plan.classes();
    this.outputs = outputs;
    this.positions = plan.positions();
    this.rowsAtOnce = plan.rowsAtOnce();
    this.schema = schema;
    this.numbered = numbered;
    this.keep = List.copyOf(keep);
    this.columns = List.copyOf(columns);
    this.wide = wide;
    this.parameters = parameters;
    this.unknown = unknown;
  }

  @Override
  public Iterator<Row> call(Iterator<Tuple2<Row, Long>> rows) {
    if (!rows.hasNext()) {
      return List.<Row>of().iterator();
    }
    Predictor predictor = new Predictor(plan.spec(), rowsAtOnce, plan.kernels());
    predictor.setParameters(parameters.value());
    TaskCompletionListener close = context -> predictor.close();
    TaskContext.get().addTaskCompletionListener(close);
    return new Batches(rows, predictor);
  }

  /** Rows in, rows out; one batch is held at a time. */
  private final class Batches implements Iterator<Row> {
    private final Iterator<Tuple2<Row, Long>> rows;
    private final Predictor predictor;
    private final RowEncoder encoder = new RowEncoder(preprocess, schema);
    private final BlockReader reader = new BlockReader(preprocess);
    private final int[] order = new int[rowsAtOnce];
    private final float[] probabilities = new float[rowsAtOnce * positions * outputs];
    private final float[] scores = new float[rowsAtOnce * positions * outputs];
    private final double[] scales = new double[outputs];
    private final double[] offsets = new double[outputs];
    private Iterator<Row> ready = List.<Row>of().iterator();

    Batches(Iterator<Tuple2<Row, Long>> rows, Predictor predictor) {
      this.rows = rows;
      this.predictor = predictor;
      plan.units(scales, offsets);
    }

    @Override
    public boolean hasNext() {
      return ready.hasNext() || rows.hasNext();
    }

    @Override
    public Row next() {
      if (!ready.hasNext()) {
        if (!rows.hasNext()) {
          throw new NoSuchElementException("no row is left");
        }
        ready = batch();
      }
      return ready.next();
    }

    private Iterator<Row> batch() {
      List<Row> in = new ArrayList<>();
      List<Long> numbers = new ArrayList<>();
      int first = -1;
      while (rows.hasNext() && first + in.size() < rowsAtOnce) {
        Tuple2<Row, Long> row = rows.next();
        if (first < 0) {
          first = Math.floorMod(row._2(), rowsAtOnce);
        }
        in.add(row._1());
        numbers.add(row._2());
      }
      Block block = encoder.encode(in);
      unknown.add(block.unknownCategories());
      for (int i = 0; i < rowsAtOnce; i++) {
        order[i] = Math.min(Math.max(i - first, 0), in.size() - 1);
      }
      reader.fill(block, order, 0, rowsAtOnce, predictor.batch());
      predictor.run();
      predictor.probabilities(probabilities);
      predictor.outputs(scores);
      List<Row> out = new ArrayList<>(in.size());
      for (int i = 0; i < in.size(); i++) {
        out.add(row(in.get(i), numbers.get(i), first + i, plan.labelled(block, i)));
      }
      return out.iterator();
    }

    /**
     * @param labelled positions of the row that have an answer
     */
    private Row row(Row in, long number, int i, int labelled) {
      List<Object> cells = new ArrayList<>();
      if (numbered) {
        cells.add(number);
      }
      for (String name : keep) {
        cells.add(in.get(in.fieldIndex(name)));
      }
      for (String column : columns) {
        if (column.equals("prediction")) {
          cells.add(prediction(i, labelled));
        } else if (classes > 0) {
          boolean probability = !column.equals("score");
          float[] values = probability ? probabilities : scores;
          if (positions == 1) {
            add(perClass(values, i, probability), cells);
          } else {
            cells.add(
                sequence(
                    IntStream.range(i * positions, i * positions + labelled)
                        .mapToObj(at -> sequence(perClass(values, at, probability)))
                        .toList()));
          }
        }
      }
      return RowFactory.create(cells.toArray());
    }

    private Object prediction(int i, int labelled) {
      if (classes == 0) {
        List<Double> values = new ArrayList<>();
        for (int k = 0; k < outputs; k++) {
          values.add(scores[i * outputs + k] * scales[k] + offsets[k]);
        }
        return outputs == 1 ? values.get(0) : sequence(values);
      }
      if (positions == 1) {
        return preprocess.classes().get(best(i));
      }
      List<String> names =
          IntStream.range(i * positions, i * positions + labelled)
              .mapToObj(at -> preprocess.classes().get(best(at)))
              .toList();
      return wide ? String.join(" ", names) : sequence(names);
    }

    private Object sequence(List<?> values) {
      return scala.jdk.javaapi.CollectionConverters.asScala(values).toSeq();
    }

    private void add(List<Float> numbers, List<Object> cells) {
      if (wide) {
        cells.addAll(numbers);
      } else {
        cells.add(sequence(numbers));
      }
    }

    /** The class with the largest probability, the first of equals. */
    private int best(int i) {
      List<Float> p = perClass(probabilities, i, true);
      int best = 0;
      for (int c = 1; c < p.size(); c++) {
        if (p.get(c) > p.get(best)) {
          best = c;
        }
      }
      return best;
    }

    /** One number per class; a single output stands for the second of two classes. */
    private List<Float> perClass(float[] values, int i, boolean probability) {
      List<Float> out = new ArrayList<>(classes);
      if (outputs == 1 && classes == 2) {
        float second = values[i];
        out.add(probability ? 1 - second : -second);
        out.add(second);
        return out;
      }
      for (int c = 0; c < outputs; c++) {
        out.add(values[i * outputs + c]);
      }
      return out;
    }
  }
}
