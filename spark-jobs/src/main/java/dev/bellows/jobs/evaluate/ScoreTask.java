package dev.bellows.jobs.evaluate;

import dev.bellows.jobs.block.DataShard;
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
    if (!blocks.hasNext()) {
      return List.of(new Scores(plan.scores(metrics))).iterator();
    }
    try (BlockScorer scorer = new BlockScorer(plan, metrics, parameters.value())) {
      while (blocks.hasNext()) {
        DataShard shard = blocks.next();
        scorer.add(shard.id(), shard.block(), null, null);
      }
      return List.of(scorer.scores()).iterator();
    }
  }
}
