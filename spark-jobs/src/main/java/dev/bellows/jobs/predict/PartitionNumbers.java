package dev.bellows.jobs.predict;

import java.util.Iterator;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import scala.Tuple2;

/** Numbers the rows of a partition from 0 and predicts them. */
final class PartitionNumbers implements FlatMapFunction<Iterator<Row>, Row> {
  private static final long serialVersionUID = 1L;

  private final PredictTask task;

  PartitionNumbers(PredictTask task) {
    this.task = task;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    return task.call(
        new Iterator<>() {
          private long next;

          @Override
          public boolean hasNext() {
            return rows.hasNext();
          }

          @Override
          public Tuple2<Row, Long> next() {
            return new Tuple2<>(rows.next(), next++);
          }
        });
  }
}
