package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class IdlePoolTest {
  private final List<String> closed = new ArrayList<>();
  private final IdlePool<String> pool = new IdlePool<>(2, closed::add);

  @Test
  void theOneThatFitsIsTakenOnce() {
    pool.giveBack("run", "a", 0);
    pool.giveBack("run", "b", 0);
    assertThat(pool.take("run", "a"::equals, 20, 10)).isEqualTo("a");
    assertThat(pool.take("run", "a"::equals, 20, 10)).isNull();
    assertThat(pool.take("run", "b"::equals, 20, 10)).isEqualTo("b");
    assertThat(closed).isEmpty();
  }

  @Test
  void aTaskOfANewRunClosesThoseOfTheOldThatHaveWaited() {
    pool.giveBack("old", "a", 0);
    pool.giveBack("old", "b", 10);
    pool.giveBack("beside", "c", 11);
    assertThat(pool.take("new", item -> true, 20, 10)).isNull();
    assertThat(closed).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void theLongestWaitingIsSurplus() {
    pool.giveBack("run", "a", 0);
    pool.giveBack("run", "b", 1);
    pool.giveBack("run", "c", 2);
    assertThat(closed).containsExactly("a");
  }

  @Test
  void whatWaitsTooLongIsClosed() {
    pool.giveBack("run", "a", 10);
    pool.giveBack("run", "b", 15);
    pool.closeIdle(20, 10);
    assertThat(closed).containsExactly("a");
    pool.closeIdle(24, 10);
    assertThat(closed).containsExactly("a");
    pool.closeIdle(25, 10);
    assertThat(closed).containsExactly("a", "b");
  }

  @Test
  void allOfARunAndAllAtOnce() {
    pool.giveBack("one", "a", 0);
    pool.giveBack("two", "b", 0);
    pool.closeRun("one");
    assertThat(closed).containsExactly("a");
    pool.closeRun("one");
    pool.closeAll();
    pool.closeAll();
    assertThat(closed).containsExactly("a", "b");
  }
}
