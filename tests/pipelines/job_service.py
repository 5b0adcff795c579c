"""Beam's Python job service with two workers a job, which it asks of several worker pools in turn.

As Beam ships it, a job has one worker, whatever options say, and so reaches one pool. Run as a script: it imports
nothing of the project, so that a job cannot lean on the process that serves it.
"""

import itertools
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from apache_beam.portability.api import beam_fn_api_pb2_grpc
from apache_beam.runners.portability import local_job_service
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

WORKERS = 2


class Turns(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """A worker pool that has others start its workers, one after the other."""

    def __init__(self, pools):
        channels = [grpc.insecure_channel(pool) for pool in pools]
        self._turns = itertools.cycle([beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(one) for one in channels])

    def StartWorker(self, request, context):  # noqa: N802  (Beam's name)
        return next(self._turns).StartWorker(request)


class Job(local_job_service.BeamJob):
    def _invoke_runner(self):
        runner = FnApiRunner(provision_info=self._provision_info)
        runner._num_workers = WORKERS
        self.set_state(local_job_service.beam_job_api_pb2.JobState.RUNNING)
        return runner.run_via_runner_api(self._pipeline_proto, self.pipeline_options())


def main(jobs, turns, *pools):
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_insecure_port(f"localhost:{turns}")
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(Turns(pools), server)
    server.start()
    local_job_service.LocalJobServicer(beam_job_type=Job).start_grpc_server(int(jobs))
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
