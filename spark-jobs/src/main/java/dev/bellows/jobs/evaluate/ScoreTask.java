package dev.bellows.jobs.evaluate;

import dev.bellows.engine.metric.Bleu;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.BlockReader;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.jobs.table.TextColumn;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;

/** Scores the blocks of a partition with given parameters. */
final class ScoreTask implements FlatMapFunction<Iterator<DataShard>, Scores> {
  private static final long serialVersionUID = 1L;

  private final ScorePlan plan;
  private final List<String> metrics;
  private final Broadcast<float[]> parameters;

  ScoreTask(ScorePlan plan, List<String> metrics, Broadcast<float[]> parameters) {
    this.plan = plan;
    this.metrics = List.copyOf(metrics);
    this.parameters = parameters;
  }

  @Override
  public Iterator<Scores> call(Iterator<DataShard> blocks) {
    Scores scores = new Scores(plan.scores(metrics));
    if (!blocks.hasNext()) {
      return List.of(scores).iterator();
    }
    NetworkSpec spec = plan.spec();
    int most = plan.rowsAtOnce();
    BlockReader reader = new BlockReader(plan.preprocess());
    List<OutputPlan> outputs = plan.outputs();
    List<RowScorer> scorers = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      scorers.add(
          new RowScorer(
              outputs.get(i), scores.outputs().get(i), i == 0 ? plan.preprocess().series() : null));
    }
    double[] sums = new double[4 + outputs.size() - 1];
    float[] predicted = new float[Math.multiplyExact(most, spec.scores())];
    try (Predictor predictor = new Predictor(spec, most, plan.kernels())) {
      predictor.setParameters(parameters.value());
      TextColumn text = outputs.get(0).written();
      Bleu bleu = scores.outputs().get(0).bleu();
      TextWriter writer = text == null ? null : new TextWriter(spec, predictor, text);
      while (blocks.hasNext()) {
        DataShard shard = blocks.next();
        Block block = shard.block();
        for (int from = 0; from < block.rows(); from += most) {
          int count = Math.min(most, block.rows() - from);
          reader.fill(block, null, from, count, predictor.batch());
          predictor.run();
          System.arraycopy(predictor.scalars(), 0, sums, 0, 4);
          predictor.probabilities(predicted);
          scorers.get(0).add(predicted, block, from, count);
          for (int i = 1; i < outputs.size(); i++) {
            String head = outputs.get(i).head();
            sums[3 + i] = predictor.head(head)[0];
            scorers.get(i).add(predictor.probabilities(head), block, from, count);
          }
          scores.add(shard.id(), sums);
          if (bleu != null && writer != null) { // last: it overwrites the batch
            writer.judge(outputs.get(0), block, from, bleu);
          }
        }
      }
    }
    return List.of(scores).iterator();
  }
}
