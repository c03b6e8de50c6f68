package dev.bellows.jobs.predict;

import dev.bellows.engine.plan.Predictor;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.BlockReader;
import dev.bellows.jobs.block.RowEncoder;
import dev.bellows.jobs.evaluate.OutputPlan;
import dev.bellows.jobs.evaluate.ScorePlan;
import dev.bellows.jobs.evaluate.TextWriter;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.TextColumn;
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
import org.jspecify.annotations.Nullable;
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
      StructType schema,
      boolean numbered,
      List<String> keep,
      List<String> columns,
      boolean wide,
      Broadcast<float[]> parameters,
      LongAccumulator unknown) {
    this.plan = plan;
    this.preprocess = plan.preprocess();
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
    private final List<OutputPlan> outputs = PredictJob.outputs(plan);
    private final List<OutputColumns> writers =
        outputs.stream()
            .map(output -> new OutputColumns(output, columns, wide, plan.preprocess()))
            .toList();
    private final @Nullable TextWriter text;
    private Iterator<Row> ready = List.<Row>of().iterator();

    Batches(Iterator<Tuple2<Row, Long>> rows, Predictor predictor) {
      this.rows = rows;
      this.predictor = predictor;
      TextColumn written = outputs.get(0).written();
      this.text = written == null ? null : new TextWriter(plan.spec(), predictor, written);
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
      List<float[]> probabilities = new ArrayList<>();
      List<float[]> scores = new ArrayList<>();
      for (OutputPlan output : outputs) {
        probabilities.add(predictor.probabilities(output.head()));
        scores.add(predictor.outputs(output.head()));
      }
      List<String> texts = text == null ? List.of() : text.texts();
      List<Row> out = new ArrayList<>(in.size());
      for (int i = 0; i < in.size(); i++) {
        List<Object> cells = new ArrayList<>();
        if (numbered) {
          cells.add(numbers.get(i));
        }
        for (String name : keep) {
          cells.add(in.get(i).get(in.get(i).fieldIndex(name)));
        }
        if (text != null && columns.contains(OutputColumns.PREDICTION)) {
          cells.add(texts.get(first + i));
        }
        for (int o = text == null ? 0 : 1; o < writers.size(); o++) {
          writers.get(o).cells(probabilities.get(o), scores.get(o), first + i, block, i, cells);
        }
        out.add(RowFactory.create(cells.toArray()));
      }
      return out.iterator();
    }
  }
}
