package dev.bellows.ps;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/**
 * The borders of the parameter server: Netty and Hadoop in one package each, the state machine
 * without either.
 */
@AnalyzeClasses(packages = "dev.bellows.ps", importOptions = ImportOption.DoNotIncludeTests.class)
class PsBordersTest {
  @ArchTest
  static final ArchRule nettyStaysInTransport =
      noClasses()
          .that()
          .resideOutsideOfPackage("..ps.transport..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.netty..");

  @ArchTest
  static final ArchRule hadoopStaysInCheckpoint =
      noClasses()
          .that()
          .resideOutsideOfPackage("..ps.checkpoint..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.hadoop..");

  @ArchTest
  static final ArchRule noSparkInTheParameterServer =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.spark..", "scala..", "dev.bellows.jobs..");

  @ArchTest
  static final ArchRule onlyTheAgreedPartsOfTheEngine =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.bellows.engine.graph..",
              "dev.bellows.engine.nn..",
              "dev.bellows.engine.plan..",
              "dev.bellows.engine.metric..",
              "org.bytedeco..",
              "jcuda..",
              "com.fasterxml.jackson..");

  @ArchTest
  static final ArchRule theStateMachineHasNoClockThreadOrNetworkOfItsOwn =
      noClasses()
          .that()
          .resideInAnyPackage("..ps.server..", "..ps.shard..", "..ps.protocol..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.bellows.ps.transport..", "dev.bellows.ps.client..", "java.net..")
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Thread.class)
          .orShould()
          .callMethod(System.class, "nanoTime");

  @ArchTest
  static final ArchRule noSharedRandomNumbersOrWallClock =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.util.Random")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.util.concurrent.ThreadLocalRandom")
          .orShould()
          .callMethod(Math.class, "random")
          .orShould()
          .callMethod(System.class, "currentTimeMillis");

  @ArchTest
  static final ArchRule nothingFromTheWireNamesAClass =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.io.ObjectInputStream")
          .orShould()
          .callMethod(Class.class, "forName", String.class)
          .orShould()
          .callMethod(System.class, "exit", int.class)
          .orShould()
          .accessField(System.class, "out");

  @ArchTest
  static final ArchRule packagesFormNoCycle =
      slices().matching("dev.bellows.ps.(*)..").should().beFreeOfCycles();
}
