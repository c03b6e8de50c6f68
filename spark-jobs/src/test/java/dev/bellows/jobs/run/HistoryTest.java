package dev.bellows.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HistoryTest {
  private static Map<String, Double> row(double epoch, double loss) {
    Map<String, Double> row = new LinkedHashMap<>();
    row.put("epoch", epoch);
    row.put("loss", loss);
    return row;
  }

  @Test
  void csvHasOneColumnPerFigureAndEmptyCellsForAbsentOnes() {
    History history = new History();
    history.add(row(1, 0.5));
    Map<String, Double> second = row(2, 0.25);
    second.put("val_loss", 0.75);
    history.add(second);
    assertThat(history.toCsv()).isEqualTo("epoch,loss,val_loss\n1,0.5,\n2,0.25,0.75\n");
  }

  @Test
  void treeRoundTripAndTruncation() {
    History history = new History();
    history.add(row(1, 0.5));
    history.add(row(2, 0.25));
    History copy = History.fromTree(history.toTree());
    assertThat(copy.rows()).isEqualTo(history.rows());
    copy.truncate(1);
    assertThat(copy.rows()).containsExactly(row(1, 0.5));
  }
}
