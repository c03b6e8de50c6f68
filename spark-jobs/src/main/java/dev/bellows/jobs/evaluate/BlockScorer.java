package dev.bellows.jobs.evaluate;

import dev.bellows.engine.metric.Bleu;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.BlockReader;
import dev.bellows.jobs.table.TextColumn;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Scores rows of blocks with one network: metrics of all outputs, and what it predicts. Not
 * thread-safe.
 */
public final class BlockScorer implements AutoCloseable {
  private final ScorePlan plan;
  private final int most;
  private final Scores scores;
  private final BlockReader reader;
  private final List<OutputPlan> outputs;
  private final List<RowScorer> scorers = new ArrayList<>();
  private final double[] sums;
  private final float[] predicted;
  private final Predictor predictor;
  private final @Nullable TextWriter writer;

  /** Takes what the main output says of some rows. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Takes rows, in order.
     *
     * @param values [count, positions, values] as the network gives them; used again afterwards
     */
    void add(float[] values, int count);
  }

  /**
   * A scorer.
   *
   * @param metrics metrics wanted beside the loss
   * @param parameters flat vector
   */
  public BlockScorer(ScorePlan plan, List<String> metrics, float[] parameters) {
    NetworkSpec spec = plan.spec();
    this.plan = plan;
    this.most = plan.rowsAtOnce();
    this.scores = new Scores(plan.scores(metrics));
    this.reader = new BlockReader(plan.preprocess());
    this.outputs = plan.outputs();
    for (int i = 0; i < outputs.size(); i++) {
      scorers.add(
          new RowScorer(
              outputs.get(i), scores.outputs().get(i), i == 0 ? plan.preprocess().series() : null));
    }
    this.sums = new double[4 + outputs.size() - 1];
    this.predicted = new float[Math.multiplyExact(most, spec.scores())];
    this.predictor = new Predictor(spec, most, plan.kernels());
    predictor.setParameters(parameters);
    TextColumn text = outputs.get(0).written();
    this.writer = text == null ? null : new TextWriter(spec, predictor, text);
  }

  /** Floats of a row that {@link Sink} gets. */
  public int width() {
    return plan.main().positions() * plan.main().values();
  }

  /** {@code loss} and the metrics of the rows so far; NaN where a metric has no value. */
  public Map<String, Double> figures() {
    return figures(scores);
  }

  /** The same of scores of this network, or of others of the same outputs, merged. */
  public Map<String, Double> figures(Scores all) {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("loss", all.loss());
    figures.putAll(all.figures(outputs));
    return figures;
  }

  /** What was counted so far. */
  public Scores scores() {
    return scores;
  }

  /**
   * Scores a block.
   *
   * @param id number of the block, for the order of sums
   * @param rows which rows; null for all
   * @param sink gets what is predicted; null: nobody does
   */
  public void add(int id, Block block, int @Nullable [] rows, @Nullable Sink sink) {
    int total = rows == null ? block.rows() : rows.length;
    Bleu bleu = scores.outputs().get(0).bleu();
    for (int from = 0; from < total; from += most) {
      int count = Math.min(most, total - from);
      reader.fill(block, rows, from, count, predictor.batch());
      predictor.run();
      System.arraycopy(predictor.scalars(), 0, sums, 0, 4);
      predictor.probabilities(predicted);
      if (sink != null) {
        sink.add(predicted, count);
      }
      scorers.get(0).add(predicted, block, rows, from, count);
      for (int i = 1; i < outputs.size(); i++) {
        String head = outputs.get(i).head();
        sums[3 + i] = predictor.head(head)[0];
        scorers.get(i).add(predictor.probabilities(head), block, rows, from, count);
      }
      scores.add(id, sums);
      if (bleu != null && writer != null) { // last: it overwrites the batch
        writer.judge(outputs.get(0), block, rows, from, bleu);
      }
    }
  }

  @Override
  public void close() {
    predictor.close();
  }
}
