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
  private static final int ROWS_AT_ONCE = 512;

  private final ScorePlan plan;
  private final Preprocess preprocess;
  private final int classes;
  private final int outputs;
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
    Predictor predictor = new Predictor(plan.spec(), ROWS_AT_ONCE, plan.kernels());
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
    private final int[] order = new int[ROWS_AT_ONCE];
    private final float[] probabilities = new float[ROWS_AT_ONCE * outputs];
    private final float[] scores = new float[ROWS_AT_ONCE * outputs];
    private Iterator<Row> ready = List.<Row>of().iterator();

    Batches(Iterator<Tuple2<Row, Long>> rows, Predictor predictor) {
      this.rows = rows;
      this.predictor = predictor;
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
      while (rows.hasNext() && first + in.size() < ROWS_AT_ONCE) {
        Tuple2<Row, Long> row = rows.next();
        if (first < 0) {
          first = Math.floorMod(row._2(), ROWS_AT_ONCE);
        }
        in.add(row._1());
        numbers.add(row._2());
      }
      Block block = encoder.encode(in);
      unknown.add(block.unknownCategories());
      for (int i = 0; i < ROWS_AT_ONCE; i++) {
        order[i] = Math.min(Math.max(i - first, 0), in.size() - 1);
      }
      reader.fill(block, order, 0, ROWS_AT_ONCE, predictor.batch());
      predictor.run();
      predictor.probabilities(probabilities);
      predictor.outputs(scores);
      List<Row> out = new ArrayList<>(in.size());
      for (int i = 0; i < in.size(); i++) {
        out.add(row(in.get(i), numbers.get(i), first + i));
      }
      return out.iterator();
    }

    private Row row(Row in, long number, int i) {
      List<Object> cells = new ArrayList<>();
      if (numbered) {
        cells.add(number);
      }
      for (String name : keep) {
        cells.add(in.get(in.fieldIndex(name)));
      }
      for (String column : columns) {
        if (column.equals("prediction")) {
          cells.add(classes > 0 ? preprocess.classes().get(best(i)) : number(i));
        } else if (classes > 0) {
          add(
              column.equals("score")
                  ? perClass(scores, i, false)
                  : perClass(probabilities, i, true),
              cells);
        }
      }
      return RowFactory.create(cells.toArray());
    }

    private void add(List<Float> numbers, List<Object> cells) {
      if (wide) {
        cells.addAll(numbers);
      } else {
        cells.add(scala.jdk.javaapi.CollectionConverters.asScala(numbers).toSeq());
      }
    }

    private double number(int i) {
      return scores[i * outputs] * preprocess.targetScale() + preprocess.targetOffset();
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
