package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TaskPlanTest {
  @Test
  void fault_50_noSecretTravelsInATask() {
    assertThat(Arrays.stream(TaskPlan.class.getRecordComponents()).map(RecordComponent::getName))
        .contains("overNetwork")
        .noneMatch(name -> name.toLowerCase(java.util.Locale.ROOT).contains("secret"));
  }
}
