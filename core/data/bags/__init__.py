"""ROS 1 and ROS 2 bags and MCAP, read by rosbags (the extra `ros`): scans, and poses from tf."""
