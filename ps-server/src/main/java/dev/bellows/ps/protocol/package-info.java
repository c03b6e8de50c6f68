/**
 * The parameter server's messages, error codes and byte layouts; no sockets and no Netty types.
 *
 * <h2>The rules in one page</h2>
 *
 * <ul>
 *   <li><b>Namespace</b>: everything a shard holds for one training run is keyed by (run, shard)
 *       and fenced by the run's <i>incarnation</i>: a request with a smaller incarnation is refused
 *       with {@link dev.bellows.ps.protocol.PsErrorCode#STALE_INCARNATION}; a CREATE with a larger
 *       one replaces the namespace.
 *   <li><b>Version</b>: each chunk (65,536 elements on global offsets) has a version, the number of
 *       steps it has behind it. A push for step {@code s} moves a chunk from version {@code s} to
 *       {@code s + 1} once the sums of all slices are there. A client needs every chunk at version
 *       {@code s} to push step {@code s}, so two chunks of a run are never more than one version
 *       apart; each shard keeps the previous version of every chunk, hence a replacement task can
 *       always read the whole vector of the step that is not finished.
 *   <li><b>Exactly once</b>: a contribution is the subtree (level, index) of the binary tree over
 *       the slices ({@link dev.bellows.ps.shard.TreeSum}). A subtree whose slices are all there is
 *       acknowledged and ignored; one that covers some present slices replaces them, because equal
 *       slices have equal bits.
 *   <li><b>Too old, too new</b>: a push or pull that is two or more versions behind is {@link
 *       dev.bellows.ps.protocol.PsErrorCode#STALE_STEP} (the sender was replaced and must stop),
 *       one that is ahead of the chunk is {@link dev.bellows.ps.protocol.PsErrorCode#STEP_AHEAD}
 *       (the shard was restored: roll back).
 *   <li><b>Replacement</b>: a task attempt with a larger id that joins for some slices replaces
 *       older ones that own any of them; these get {@link
 *       dev.bellows.ps.protocol.PsErrorCode#REPLACED}.
 *   <li><b>Deferred answers</b>: PULL of the next version, NORM and SNAPSHOT of a future step are
 *       answered when the version is reached. All requests are idempotent: after a lost connection
 *       they are simply sent again.
 *   <li><b>Two phases</b> (only with a gradient-norm clip or the skip policy for non-finite
 *       gradients): shards answer NORM with sums of squares of 1,024-element blocks, each client
 *       adds them in block order and sends COMMIT with the same scale; the first COMMIT of a step
 *       is applied, the others are acknowledged.
 *   <li><b>Replica</b>: a namespace may have one on another server ({@link
 *       dev.bellows.ps.protocol.Message.Attach}). When the sums of a chunk are complete, the
 *       primary forwards the root of the tree as a PUSH (and in two phases the COMMIT) to the
 *       replica, an ordinary namespace that so takes the same step with the same bits. A version is
 *       shown only when the replica has acknowledged it. So a replica is never behind what any
 *       client has seen, chunks stay at most one version apart when one is promoted, and a cut-off
 *       primary can show nothing new. Promotion is ADVANCE: a larger incarnation fences everybody
 *       else.
 *   <li><b>Sparse tables</b> ({@link dev.bellows.ps.protocol.RowMessage}) are namespaces of their
 *       own: keys are hashed to buckets, a bucket to a shard, and what a chunk is to the dense
 *       vector a bucket is to the table. A contribution is (step, subtree, bucket) and may have no
 *       rows; per key the slices that touch it are summed in the same tree. A row that was never
 *       updated is a function of seed and key and takes no memory. Only the rows of a step change
 *       in it. A bucket above its share of the table's bound ends the run with {@link
 *       dev.bellows.ps.protocol.PsErrorCode#QUOTA}; nothing is evicted. Tables have no replicas: a
 *       run that loses a shard of one rolls back to its last checkpoint. A task pushes rows before
 *       the dense sums of the same step, so that tables are never behind the dense vector.
 *   <li><b>Borrowed arrays</b>: float arrays inside a message ({@link
 *       dev.bellows.ps.protocol.Floats}) belong to the sender and are valid only until the call
 *       that hands the message over returns; a receiver copies.
 * </ul>
 */
@NullMarked
package dev.bellows.ps.protocol;

import org.jspecify.annotations.NullMarked;
